/* SPDX-License-Identifier: Apache-2.0 */
/* select --diverse: the worked examples on six points of the unit circle, through the stage. */
#include "tests/support/test.h"

#include <math.h>

#include "store/embedding.h"
#include "store/score.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { N = 6, LONGER = 7 };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    int64_t model_id;
    int64_t vectors; /* score set */
};

static const double degrees[N] = { 0, 5, 40, 45, 90, 180 };
static const double quality[N] = { .9, .95, .5, .8, .7, .6 };

static void put_score(struct fixture *f, int64_t set, int64_t id, double value)
{
    const struct score_row row = {
        .score_set_id = set, .sample_id = id, .value = value, .status = "ok", .n_tokens = 1
    };
    struct error err;

    assert_ok(score_put(f->samples->store, &row, f->samples->run_id, &err));
}

static void put_vector(struct fixture *f, int64_t id, double x, double y)
{
    const double vector[] = { x, y };
    struct error err;

    put_score(f, f->vectors, id, 1);
    assert_ok(embedding_put(f->samples->store, f->vectors, id, vector, 2, &err));
}

/* Samples 1 to 6 are the points; sample 7 has no vector, and the best quality. */
static int setup(void **state)
{
    static struct fixture f;
    void *samples;

    store_fixture_setup(&samples);
    f.samples = samples;
    stage_run_init(&f.run, f.samples->store);
    f.model_id = store_fixture_model(f.samples->store, "tiny", 1);
    f.vectors = store_fixture_set(f.samples->store, "embedding", f.model_id, "{}", "higher");
    const int64_t set = store_fixture_set(f.samples->store, "ifd", f.model_id, "{}", "higher");
    for (int i = 0; i < LONGER; i++) {
        char ask[32];

        snprintf(ask, sizeof ask, "question %d", i + 1);
        const int64_t id = store_fixture_add(f.samples, NULL, ask, "yes");
        const double angle = i < N ? degrees[i] * acos(-1) / 180 : 0;

        if (i < N)
            put_vector(&f, id, (i + 1) * cos(angle), (i + 1) * sin(angle));
        put_score(&f, set, id, i < N ? quality[i] : 1);
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *samples = f->samples;

    store_fixture_teardown(&samples);
    return 0;
}

static void expect(struct fixture *f, const char *method, const char *top, const char *want)
{
    struct error err;

    assert_ok(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", top,
                        "diverse", method, NULL));
    assert_rows(f->run.store,
                "SELECT group_concat(sample_id - 1, ' ') FROM"
                " (SELECT sample_id FROM v_selection ORDER BY rank)",
                want);
}

/* The quality of the reference is scaled from 0 to 1 here, which moves the picks of mmr, qdit
 * and dpp: those are the picks of plain greedy with the scaled quality. */
static void methods_choose_as_in_the_worked_examples(void **state)
{
    struct fixture *f = *state;

    expect(f, "deita", "100%", "1 3 4 5");
    expect(f, "deita:0.9", "2", "1 3");
    expect(f, "facility", "2", "3 5"); /* then 0 and 1 are equal */
    expect(f, "k-center", "3", "1 5 4");
    expect(f, "qdit:0", "2", "3 5");
    expect(f, "qdit:1", "3", "1 0 3");
    expect(f, "mmr:1", "3", "1 0 3");
    expect(f, "clusters:1", "3", "1 0 3");
}

static void samples_without_a_vector_are_left_out_and_the_rule_is_stored(void **state)
{
    struct fixture *f = *state;
    struct error err;

    expect(f, "deita", "100%", "1 3 4 5");
    assert_rows(f->run.store, "SELECT n_candidates, rule FROM selection",
                "6|{\"diverse\":\"deita\"}");
    put_vector(f, LONGER, 0, 0); /* without a length */
    expect(f, "deita", "100%", "1 3 4 5");
    assert_ok(stage_run(&f->run, &err, "select", "name", "none", "by", "ifd", "top", "2",
                        "where", "sample_id = 7", "diverse", "dpp", NULL));
    assert_rows(f->run.store, "SELECT count(*) FROM v_selection WHERE selection = 'none'", "0");
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *method;
        const char *phrase;
    } cases[] = { { "best", "must be one of deita, k-center" },
                  { "", "must be one of" },
                  { "deita:", "after ':' must be a number" },
                  { "deita:1.5", "must be a number from 0 to 1" },
                  { "mmr:nan", "must be a number" },
                  { "dpp:1", "dpp has no parameter" },
                  { "clusters:0", "must be a whole number from 1" },
                  { "clusters:2.5", "must be a whole number from 1" } };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "2",
                               "diverse", cases[i].method, NULL),
                     ERR_USAGE, cases[i].phrase);
    assert_fails(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "2",
                           "diverse", "dpp", "vectors", "knn", NULL),
                 ERR_NOT_FOUND, "--vectors: ");
    assert_fails(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "2",
                           "diverse", "dpp", "max-memory", "1M", NULL),
                 ERR_NOMEM, "choosing among 6 vectors of 2 numbers needs");
    assert_ok(
        embedding_put(f->samples->store, f->vectors, 2, (const double[]){ 1, 2, 3 }, 3, &err));
    assert_fails(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "2",
                           "diverse", "dpp", NULL),
                 ERR_INPUT, "numbers, others have");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(methods_choose_as_in_the_worked_examples),
        TEST(samples_without_a_vector_are_left_out_and_the_rule_is_stored),
        TEST(mistakes_are_named),
    };

    return cmocka_run_group_tests_name("stages/select, diverse", tests, NULL, NULL);
}
