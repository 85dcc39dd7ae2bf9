/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the search for semantic duplicates fails once. It returns ERR_NOMEM, leaks
 * nothing, and leaves a database in which the same command works. */
#include "tests/support/test.h"

#include <stdbool.h>

#include "store/embedding.h"
#include "store/score.h"
#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { MAX_ALLOCATIONS = 20000 };

struct injection {
    size_t n;     /* the allocation that fails */
    bool refused; /* allocation n was reached */
};

static void enter(struct stage_run *run)
{
    const struct injection *injection = run->arg;

    oom_begin(injection->n);
}

static void leave(struct stage_run *run)
{
    struct injection *injection = run->arg;

    injection->refused = oom_end();
}

static int compare(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "dedup semantic", "centre", "true", "prefer", "novels,others",
                     NULL);
}

static void add_vector(struct store_fixture *f, int64_t set_id, const char *text, double x,
                       double y)
{
    const double vector[] = { x, y, 1 };
    const struct score_row row = { .score_set_id = set_id,
                                   .sample_id = store_fixture_add(f, NULL, text, "yes"),
                                   .value = 1,
                                   .status = "ok" };
    struct error err;

    assert_ok(score_put(f->store, &row, f->run_id, &err));
    assert_ok(embedding_put(f->store, set_id, row.sample_id, vector, 3, &err));
}

/* Compare the vectors of a new database with allocation n of the calling thread failing.
 * Returns whether it was reached. */
static bool fails_once(size_t n)
{
    struct injection injection = { .n = n };
    struct store_fixture *f;
    struct stage_run run;
    struct error err;
    void *samples = NULL;

    store_fixture_setup(&samples);
    f = samples;
    const int64_t set_id = store_fixture_set(
        f->store, "embedding", store_fixture_model(f->store, "tiny", 1), "{}", "higher");
    add_vector(f, set_id, "one?", 1, 0);
    add_vector(f, set_id, "two?", 1, 0.001);
    add_vector(f, set_id, "three?", -1, 3);
    stage_run_init(&run, f->store);
    run.n_threads = 1;
    run.arg = &injection;
    run.enter = enter;
    run.leave = leave;
    if (compare(&run, &err) < 0) {
        assert_true(injection.refused);
        assert_int_equal(err.code, ERR_NOMEM);
        run.enter = run.leave = NULL;
        assert_ok(compare(&run, &err));
    } else {
        assert_false(injection.refused);
    }
    assert_rows(
        f->store,
        "SELECT count(*), complete, (SELECT count(*) FROM dedup_member),"
        " statistics ->> '$.vectors' FROM dedup_pair JOIN dedup_set USING (dedup_set_id)",
        "1|1|2|3");
    store_fixture_teardown(&samples);
    return injection.refused;
}

static void semantic_duplicates_report_each_failed_allocation(void **state)
{
    size_t n = 0;

    (void)state;
    while (n < MAX_ALLOCATIONS && fails_once(n))
        n++;
    assert_true(n > 30);
    assert_true(n < MAX_ALLOCATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(semantic_duplicates_report_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("dedup_oom", tests, NULL, NULL);
}
