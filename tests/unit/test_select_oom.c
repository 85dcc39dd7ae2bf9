/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of select fails once. It returns ERR_NOMEM, leaks nothing, and leaves a
 * database in which the same command gives what it should. */
#include "tests/support/test.h"

#include "store/embedding.h"
#include "store/score.h"
#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { ALLOCATIONS_MAX = 20000, N_SAMPLES = 6 };

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

static void put_score(struct store_fixture *f, int64_t set, int64_t id, double value)
{
    const struct score_row row = {
        .score_set_id = set, .sample_id = id, .value = value, .status = "ok", .n_tokens = 1
    };
    struct error err;

    assert_ok(score_put(f->store, &row, f->run_id, &err));
}

/* Samples with a score and a vector; the last two are the selection "target". */
static void add_samples(struct store_fixture *f, struct stage_run *run)
{
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t scores = store_fixture_set(f->store, "ifd", model, "{}", "higher");
    const int64_t vectors = store_fixture_set(f->store, "embedding", model, "{}", "higher");
    struct error err;

    for (int i = 0; i < N_SAMPLES; i++) {
        const double vector[] = { i - 2, 1 };
        char ask[32];

        snprintf(ask, sizeof ask, "question %d", i + 1);
        const int64_t id = store_fixture_add(f, NULL, ask, i % 2 ? "yes" : "no");
        put_score(f, scores, id, i);
        put_score(f, vectors, id, 1);
        assert_ok(embedding_put(f->store, vectors, id, vector, 2, &err));
    }
    stage_run_init(run, f->store);
    run->n_threads = 1;
    assert_ok(stage_run(run, &err, "select", "name", "target", "all", "true", "where",
                        "sample_id > 4", NULL));
}

/* How one of the cases calls select. */
typedef int select_case(struct stage_run *run, struct error *err);

static int select_of_cluster(struct stage_run *run, struct error *err)
{
    if (stage_run(run, err, "cluster", "clusters", "2", NULL) < 0)
        return -1;
    return stage_run(run, err, "select", "name", "s", "all", "true", "where",
                     "cluster IS NOT NULL", "top", "2", NULL);
}

static int select_at_random(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "random", "true", "top", "2", "not-in",
                     "target", "min", "ifd=1", NULL);
}

static int select_from(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "by", "ifd", "top", "2", "from", "target",
                     NULL);
}

static int select_diverse(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "by", "ifd", "top", "2", "diverse",
                     "facility", NULL);
}

static int select_clusters(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "by", "ifd", "top", "2", "diverse",
                     "clusters:2", NULL);
}

static int select_by_rds(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "target", "target", "whiten", "true",
                     "top", "2", NULL);
}

static int select_by_dsir(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "target", "target", "target-method",
                     "dsir", "top", "2", NULL);
}

static int select_by_formula(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "by", "z(ifd) - ifnull(ifd, 1)", "top",
                     "2", NULL);
}

static int select_by_quota(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "by", "ifd", "top", "2", "quota",
                     "response/source: yes=50%, yes/novels=100%, no=1..", NULL);
}

static int select_tiers(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "select", "name", "s", "by", "ifd", "tiers", "1,2", "unit",
                     "samples", NULL);
}

static bool fails_once(select_case *run_case, size_t n)
{
    struct injection injection = { .n = n };
    struct store_fixture *f;
    struct stage_run run;
    struct error err;
    void *samples;

    store_fixture_setup(&samples);
    f = samples;
    add_samples(f, &run);
    run.arg = &injection;
    run.enter = enter;
    run.leave = leave;
    for (int i = 0; i < 2; i++) {
        const int rc = run_case(&run, &err);

        assert_int_equal(rc < 0, i == 0 && injection.refused);
        if (rc < 0)
            assert_int_equal(err.code, ERR_NOMEM);
        run.enter = run.leave = NULL;
    }
    assert_rows(f->store, "SELECT count(*) FROM v_selection WHERE selection = 's'", "2");
    store_fixture_teardown(&samples);
    return injection.refused;
}

static void each_failed_allocation_is_reported(void **state)
{
    static select_case *const cases[] = { select_at_random,  select_from,     select_diverse,
                                          select_clusters,   select_by_rds,   select_by_dsir,
                                          select_by_formula, select_by_quota, select_tiers,
                                          select_of_cluster };
    const size_t step_size = TEST_IS_SANITIZED ? 3 : 1;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = 0;

        while (n < ALLOCATIONS_MAX && fails_once(cases[i], n))
            n += step_size;
        assert_true(n > 10);
        assert_true(n < ALLOCATIONS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests_name("stages/select, out of memory", tests, NULL, NULL);
}
