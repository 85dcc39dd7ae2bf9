/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "store/score.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { N_SAMPLES = 15 };

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    int64_t model_id;
    int64_t ids[N_SAMPLES];
};

/* A score set in which the first n samples have these values, and the other samples none. */
static int64_t add_scores(struct fixture *f, const char *metric, const char *params,
                          const char *better, const double *values, size_t n)
{
    const int64_t set =
        store_fixture_set(f->samples->store, metric, f->model_id, params, better);
    struct error err;

    for (size_t i = 0; i < n; i++) {
        const struct score_row row = { .score_set_id = set,
                                       .sample_id = f->ids[i],
                                       .value = values[i],
                                       .status = "ok",
                                       .n_tokens = 1 };
        assert_ok(score_put(f->samples->store, &row, f->samples->run_id, &err));
    }
    return set;
}

static const double ascending[N_SAMPLES] = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
};

static int setup(void **state)
{
    static struct fixture f;
    void *samples;
    char instruction[32];

    store_fixture_setup(&samples);
    f.samples = samples;
    stage_run_init(&f.run, f.samples->store);
    for (int i = 0; i < N_SAMPLES; i++) {
        snprintf(instruction, sizeof instruction, "question %d", i + 1);
        f.ids[i] = store_fixture_add(f.samples, i < 3 ? "a context" : NULL, instruction, "yes");
    }
    f.model_id = store_fixture_model(f.samples->store, "tiny", 1);
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

static int select_top(struct fixture *f, const char *by, const char *top, struct error *err)
{
    return stage_run(&f->run, err, "select", "name", "best", "by", by, "top", top, NULL);
}

static void select_orders_samples_by_the_metrics_better_end(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    add_scores(f, "nll", "{}", "lower", ascending, N_SAMPLES);

    assert_ok(select_top(f, "ifd", "3", &err));
    assert_rows(f->run.store, "SELECT rank, score FROM v_selection ORDER BY rank",
                "1|15\n2|14\n3|13");
    assert_ok(select_top(f, "nll", "3", &err));
    assert_rows(f->run.store, "SELECT rank, score FROM v_selection ORDER BY rank",
                "1|1\n2|2\n3|3");
}

static void samples_with_equal_scores_are_selected_in_order_of_content_hash(void **state)
{
    struct fixture *f = *state;
    const double equal[N_SAMPLES] = { 0 };
    struct error err;

    add_scores(f, "ifd", "{}", "higher", equal, N_SAMPLES);
    assert_ok(select_top(f, "ifd", "4", &err));

    assert_rows(
        f->run.store,
        "SELECT count(*) FROM (SELECT sample_id, row_number() OVER (ORDER BY hash) AS rank"
        " FROM sample) JOIN v_selection USING (sample_id, rank)",
        "4");
}

static void a_share_is_rounded_up_to_whole_samples(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *top;
        int64_t n;
    } cases[] = {
        { "10%", 2 },    { "0.01%", 1 },   { "20%", 3 },   { "20.0%", 3 }, { "20.01%", 4 },
        { "33.33%", 5 }, { "33.34%", 6 },  { "100%", 15 }, { "6.6%", 1 },  { "15", 15 },
        { "1000", 15 },  { "99.99%", 15 }, { "7", 7 },
    };
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(select_top(f, "ifd", cases[i].top, &err));
        if (stage_run_int(&f->run, "selected") != cases[i].n)
            fail_msg("--top %s selected %lld", cases[i].top,
                     (long long)stage_run_int(&f->run, "selected"));
    }
}

static void an_empty_selection_replaces_samples_only_on_request(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    assert_ok(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "3",
                        "where", "sample_id < 0", NULL)); /* nothing is lost */
    assert_ok(select_top(f, "ifd", "3", &err));
    assert_fails(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "3",
                           "where", "sample_id < 0", NULL),
                 ERR_INPUT, "--replace");
    assert_rows(f->run.store, "SELECT count(*) FROM v_selection", "3");
    assert_ok(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "3",
                        "where", "sample_id < 0", "replace", "true", NULL));
    assert_rows(f->run.store, "SELECT count(*) FROM v_selection", "0");
}

static void a_malformed_top_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = { "",
                                       "0",
                                       "-1",
                                       "0%",
                                       "101%",
                                       "100.01%",
                                       "1.5",
                                       "10 %",
                                       "10%%",
                                       ".5%",
                                       "5.%",
                                       "5.001%",
                                       "1e2",
                                       "ten",
                                       "%",
                                       "+3",
                                       "0.00%",
                                       "3x",
                                       "99999999999999999999" };
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(select_top(f, "ifd", bad[i], &err), ERR_USAGE, "--top");
}

static void select_needs_a_name_a_metric_and_a_top(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(stage_run(&f->run, &err, "select", "by", "ifd", "top", "1", NULL), ERR_USAGE,
                 "--name");
    assert_fails(stage_run(&f->run, &err, "select", "name", "a", "top", "1", NULL), ERR_USAGE,
                 "--by");
    assert_fails(stage_run(&f->run, &err, "select", "name", "a", "by", "ifd", NULL), ERR_USAGE,
                 "--top");
}

static void samples_without_a_score_are_left_out_and_counted(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, 5);
    assert_ok(select_top(f, "ifd", "50%", &err));

    assert_int_equal(stage_run_int(&f->run, "selected"), 3);
    assert_int_equal(stage_run_int(&f->run, "candidates"), 5);
    assert_int_equal(stage_run_int(&f->run, "unscored"), 10);
    assert_non_null(strstr(f->run.notes, "10 samples have no score for ifd"));
}

static void where_limits_the_samples_that_are_selected(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    assert_ok(stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "2",
                        "where", "context IS NOT NULL", NULL));

    assert_rows(f->run.store, "SELECT score FROM v_selection ORDER BY rank", "3\n2");
    assert_int_equal(stage_run_int(&f->run, "candidates"), 3);
}

static void the_same_selection_again_changes_nothing_and_another_replaces_it(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    assert_ok(select_top(f, "ifd", "3", &err));
    assert_string_equal(stage_run_text(&f->run, "result"), "new");
    assert_ok(select_top(f, "ifd", "3", &err));
    assert_string_equal(stage_run_text(&f->run, "result"), "unchanged");
    assert_ok(select_top(f, "ifd", "4", &err));
    assert_string_equal(stage_run_text(&f->run, "result"), "replaced");
    assert_rows(f->run.store, "SELECT selection, count(*) FROM v_selection", "best|4");
}

static void select_uses_the_score_set_requested_last(void **state)
{
    struct fixture *f = *state;
    const double descending[N_SAMPLES] = { 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
    struct error err;

    const int64_t one = add_scores(f, "gateau", "{\"alpha\":0.7}", "higher", ascending, 15);
    add_scores(f, "gateau", "{\"alpha\":0.8}", "higher", descending, 15);
    assert_ok(select_top(f, "gateau", "1", &err));
    assert_rows(f->run.store, "SELECT sample_id FROM v_selection", "1");
    assert_non_null(strstr(f->run.notes, "1 more set"));

    assert_ok(store_begin(f->run.store, &err));
    assert_ok(score_set_request(f->run.store, one, f->run.run_id, &err));
    assert_ok(store_commit(f->run.store, &err));
    assert_ok(select_top(f, "gateau", "1", &err));
    assert_rows(f->run.store, "SELECT sample_id FROM v_selection", "15");
}

static void select_by_scores_of_several_models_needs_a_model(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "nll", "{}", "lower", ascending, N_SAMPLES);
    f->model_id = store_fixture_model(f->run.store, "other", 2);
    add_scores(f, "nll", "{}", "lower", ascending, N_SAMPLES);

    assert_fails(select_top(f, "nll", "1", &err), ERR_USAGE, "other, tiny");
    assert_ok(stage_run(&f->run, &err, "select", "name", "best", "by", "nll", "top", "1",
                        "model", "tiny", NULL));
    assert_fails(stage_run(&f->run, &err, "select", "name", "best", "by", "nll", "top", "1",
                           "model", "tinier", NULL),
                 ERR_NOT_FOUND, "tinier");
}

static void select_by_a_metric_without_scores_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(select_top(f, "gateau", "1", &err), ERR_NOT_FOUND, "gateau");
}

static void a_dry_run_of_select_stores_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_scores(f, "ifd", "{}", "higher", ascending, N_SAMPLES);
    f->run.dry_run = true;
    assert_ok(select_top(f, "ifd", "10%", &err));

    assert_int_equal(stage_run_int(&f->run, "selected"), 2);
    assert_rows(f->run.store, "SELECT count(*) FROM selection", "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(select_orders_samples_by_the_metrics_better_end),
        TEST(samples_with_equal_scores_are_selected_in_order_of_content_hash),
        TEST(a_share_is_rounded_up_to_whole_samples),
        TEST(a_malformed_top_is_refused),
        TEST(an_empty_selection_replaces_samples_only_on_request),
        TEST(select_needs_a_name_a_metric_and_a_top),
        TEST(samples_without_a_score_are_left_out_and_counted),
        TEST(where_limits_the_samples_that_are_selected),
        TEST(the_same_selection_again_changes_nothing_and_another_replaces_it),
        TEST(select_uses_the_score_set_requested_last),
        TEST(select_by_scores_of_several_models_needs_a_model),
        TEST(select_by_a_metric_without_scores_is_an_error),
        TEST(a_dry_run_of_select_stores_nothing),
    };

    return cmocka_run_group_tests_name("stages/select", tests, NULL, NULL);
}
