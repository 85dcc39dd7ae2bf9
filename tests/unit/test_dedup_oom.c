/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of finding duplicates, and of splitting, fails once. It returns ERR_NOMEM,
 * leaks nothing, and leaves a database in which the same command gives what it should. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "scoring/duplicates/minhash.h"
#include "scoring/duplicates/shingles.h"
#include "scoring/duplicates/words.h"
#include "scoring/kernels/kernels.h"
#include "store/db_private.h"
#include "store/score.h"
#include "tests/support/oom.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { ALLOCATIONS_MAX = 20000 };

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

static int find_duplicates(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "dedup near", "field", "response", "containment", "0.9",
                     "prefer", "novels", "max-memory", "64M", NULL);
}

/* Compare a new database with allocation n of the calling thread failing. Returns whether it
 * was reached. */
static bool fails_once(size_t n)
{
    struct injection injection = { .n = n };
    struct stage_run run;
    struct error err;
    void *samples;

    store_fixture_setup(&samples);
    store_fixture_add(samples, NULL, "who sat?", "the cat sat on the mat and slept");
    store_fixture_add(samples, "a", "who sat?", "The cat sat on the mat, and slept.");
    store_fixture_add(samples, NULL, "tell it",
                      "once the cat sat on the mat and slept for days");
    store_fixture_add(samples, NULL, "say that it rains", "the rain fell");
    stage_run_init(&run, ((struct store_fixture *)samples)->store);
    run.n_threads = 1;
    run.arg = &injection;
    run.enter = enter;
    run.leave = leave;
    if (find_duplicates(&run, &err) < 0) {
        assert_true(injection.refused);
        assert_int_equal(err.code, ERR_NOMEM);
        run.enter = run.leave = NULL;
        assert_ok(find_duplicates(&run, &err));
    } else {
        assert_false(injection.refused);
    }
    assert_rows(run.store,
                "SELECT count(*), sum(similarity = 1), min(containment) FROM dedup_pair",
                "2|1|1");
    assert_rows(run.store, "SELECT count(*), count(leader) FROM dedup_member", "3|2");
    store_fixture_teardown(&samples);
    return injection.refused;
}

static void each_failed_allocation_is_reported(void **state)
{
    const size_t step_size = TEST_IS_SANITIZED ? 3 : 1;
    size_t n = 0;

    (void)state;
    while (n < ALLOCATIONS_MAX && fails_once(n))
        n += step_size;
    assert_true(n > 10);
    assert_true(n < ALLOCATIONS_MAX);
}

/* What a thread does. */
static int sign_text(const void *input, struct error *err)
{
    const struct shingle_rule rule = { 5, false };
    struct shingle_list shingles = { 0 };
    struct word_reader *reader = NULL;
    struct minhash minhash = { 0 };
    struct word_list words;
    struct kernels kernels;
    uint32_t values[6];
    uint8_t signature[6 * 4 + MINHASH_DIGEST_BYTES];

    kernels_init(&kernels, 0);
    int rc = minhash_init(&minhash, 2, 3, 1, err);
    if (rc == 0)
        rc = word_reader_new(false, &reader, err);
    if (rc == 0)
        rc = word_reader_split(reader, slice_text(input), &words, err);
    if (rc == 0)
        rc = shingles_make(&words, &rule, &shingles, err);
    if (rc == 0)
        minhash_sign(&minhash, &kernels, &shingles, values, signature);
    shingle_list_release(&shingles);
    word_reader_free(reader);
    minhash_release(&minhash);
    return rc;
}

static void a_thread_reports_each_failed_allocation(void **state)
{
    (void)state;
    assert_true(oom_survive(sign_text, "the c\xc3\xa1t sat e\xcc\x81 on the mat") > 6);
}

/* Select with allocation n failing: three samples are a cluster, the fourth is flagged. */
static bool select_fails_once(size_t n)
{
    static const char *const answers[] = { "the cat sat on the mat and slept",
                                           "The cat sat on the mat, and slept.",
                                           "once the cat sat on the mat and slept for days",
                                           "the rain fell" };
    struct injection injection = { .n = n };
    struct store_fixture *f;
    struct stage_run run;
    struct error err;
    void *samples;

    store_fixture_setup(&samples);
    f = samples;
    const int64_t set_id = store_fixture_set(
        f->store, "beauty", store_fixture_model(f->store, "tiny", 1), "{}", "higher");
    for (size_t i = 0; i < 4; i++) {
        const struct score_row row = { .score_set_id = set_id,
                                       .sample_id =
                                           store_fixture_add(f, NULL, "who?", answers[i]),
                                       .value = 1,
                                       .status = "ok" };

        assert_ok(score_put(f->store, &row, f->run_id, &err));
    }
    stage_run_init(&run, f->store);
    run.n_threads = 1;
    assert_ok(find_duplicates(&run, &err));
    assert_ok(
        db_exec(f->store,
                "INSERT INTO evaluation VALUES (1, 'm', 'm', '{}', zeroblob(32), 0, 0, 0, 1);"
                "INSERT INTO contamination SELECT 1, sample_id, sample_id = 4, 9,"
                " sample_id = 4 FROM sample",
                &err));
    run.arg = &injection;
    run.enter = enter;
    run.leave = leave;
    for (int i = 0; i < 2; i++) {
        const int rc = stage_run(&run, &err, "select", "name", "s", "by", "beauty", "top", "9",
                                 "dedup", "near", "clean", "true", NULL);

        assert_int_equal(rc < 0, i == 0 && injection.refused);
        if (rc < 0)
            assert_int_equal(err.code, ERR_NOMEM);
        run.enter = run.leave = NULL;
    }
    assert_rows(f->store,
                "SELECT count(*), (SELECT group_concat(rule || ' ' || n_removed, ', ')"
                " FROM v_exclusions) FROM v_selection",
                "1|clean 1, dedup near@leader 2");
    store_fixture_teardown(&samples);
    return injection.refused;
}

static void a_selection_reports_each_failed_allocation(void **state)
{
    size_t n = 0;

    (void)state;
    while (n < ALLOCATIONS_MAX && select_fails_once(n))
        n++;
    assert_true(n > 20);
    assert_true(n < ALLOCATIONS_MAX);
}

/* What finding duplicates would store of samples 1 and 2, in no time. */
static const char SET_OF_A_PAIR[] =
    "INSERT INTO dedup_set (dedup_set_id, name, kind, field, params, keep, complete, threshold,"
    " n_big_buckets, run_id) VALUES (1, 'near', 'near', 'whole', '{}', '{}', 1, 0.7, 0, 1);"
    "INSERT INTO dedup_signature VALUES (1, 1, x'00'), (1, 2, x'00');"
    "INSERT INTO dedup_member VALUES (1, 1, 1, NULL, 1, 1), (1, 2, 1, 1, 0, 2)";

static int divide(struct stage_run *run, struct error *err)
{
    return stage_run(run, err, "split", "by", "a=.5,b=.5", "group", "file", "group", "system",
                     "group-ext-id", "[0-9]+", "exact", "samples", "stratify", "kind", "where",
                     "sample_id > 0", NULL);
}

/* Divide samples with a context, a cluster and ids, with allocation n failing: for the
 * first time, or again with one more sample. */
static bool divide_fails_once(size_t n, bool again)
{
    struct injection injection = { .n = n };
    struct store_fixture *f;
    struct stage_run run;
    struct error err;
    void *samples;

    store_fixture_setup(&samples);
    f = samples;
    store_fixture_add(f, "a", "who sat?", "the cat sat on the mat and slept");
    store_fixture_add(f, "a", "who sat there?", "The cat sat on the mat, and slept.");
    stage_run_init(&run, f->store);
    run.n_threads = 1;
    assert_ok(db_exec(f->store, SET_OF_A_PAIR, &err));
    if (again)
        assert_ok(divide(&run, &err));
    store_fixture_add(f, NULL, "say that it rains", "the rain fell");
    assert_ok(db_exec(f->store, "UPDATE sample SET ext_id = 'id-' || sample_id", &err));
    run.arg = &injection;
    run.enter = enter;
    run.leave = leave;
    if (divide(&run, &err) < 0) {
        assert_true(injection.refused);
        assert_int_equal(err.code, ERR_NOMEM);
        run.enter = run.leave = NULL;
        assert_ok(divide(&run, &err));
    } else {
        assert_false(injection.refused);
    }
    assert_rows(f->store, "SELECT count(*), count(DISTINCT group_key) FROM split_sample",
                "3|1");
    store_fixture_teardown(&samples);
    return injection.refused;
}

static void a_split_reports_each_failed_allocation(void **state)
{
    size_t n = 0;

    (void)state;
    for (int again = 0; again < 2; again++) {
        for (n = 0; n < ALLOCATIONS_MAX && divide_fails_once(n, again); n++)
            ;
        assert_true(n > 20);
        assert_true(n < ALLOCATIONS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failed_allocation_is_reported),
        cmocka_unit_test(a_thread_reports_each_failed_allocation),
        cmocka_unit_test(a_selection_reports_each_failed_allocation),
        cmocka_unit_test(a_split_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("stages/dedup, out of memory", tests, NULL, NULL);
}
