/* SPDX-License-Identifier: Apache-2.0 */
/* What a selection says of itself: statistics by hand, and through the stage. */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stages/cohort/cohort.h"
#include "stages/select/statistics.h"
#include "store/embedding.h"
#include "store/query.h"
#include "store/score.h"
#include "store/selection.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { N = 24 };

static void assert_near(double value, double want)
{
    if (!(fabs(value - want) <= 1e-9))
        fail_msg("%.12g is not near %.12g", value, want);
}

/* Candidates 4 2 0 3 1 in the order of merits; 4 and 2 were chosen. */
static const uint32_t order[] = { 4, 2, 0, 3, 1 };
static const double merits[] = { 5, 1, 7, 5, 9 };
static const uint8_t selected[] = { 0, 0, 1, 0, 1 };
static const struct statistics_pool pool = {
    .n_candidates = 5, .order = order, .n_order = 5, .merits = merits, .selected = selected
};

static void statistics_are_those_by_hand(void **state)
{
    const double values[] = { 8, 2, 8, NAN, 10 };
    struct statistics found;
    struct error err;

    (void)state;
    assert_ok(statistics_of(&pool, values, &found, &err));
    assert_int_equal(found.pool.n, 4);
    assert_near(found.pool.mean, 7);
    assert_near(found.pool.quantiles[0], 2);
    assert_near(found.pool.quantiles[1], 2);
    assert_near(found.pool.quantiles[2], 8);
    assert_near(found.pool.quantiles[3], 8);
    assert_near(found.pool.quantiles[4], 10);
    assert_int_equal(found.selected.n, 2);
    assert_near(found.selected.mean, 9);
    assert_near(found.selected.quantiles[2], 8);
    assert_near(found.selected.quantiles[3], 10);
    assert_near(found.spearman, 4.5 / sqrt(4.5 * 5));
}

static void equal_merits_have_the_mean_of_their_ranks(void **state)
{
    const double values[] = { 3, 1, 4, 3, 5 };
    struct statistics found;
    struct error err;

    (void)state;
    assert_ok(statistics_of(&pool, values, &found, &err));
    assert_near(found.spearman, 1);
}

static void negative_values_and_zeros_are_in_their_order(void **state)
{
    const double values[] = { -0.0, -1e300, 3, 0, 1e-300 };
    struct statistics found;
    struct error err;

    (void)state;
    assert_ok(statistics_of(&pool, values, &found, &err));
    assert_near(found.pool.quantiles[0] / 1e300, -1);
    assert_true(found.pool.quantiles[1] == 0);
    assert_true(found.pool.quantiles[2] == 0);
    assert_true(found.pool.quantiles[3] == 1e-300);
    assert_near(found.pool.quantiles[4], 3);
    /* Merits 4 3 1.5 1.5 0, values 3 4 1.5 1.5 0. */
    assert_near(found.spearman, 8.5 / 9.5);
}

static void nothing_is_correlated_with_equal_values(void **state)
{
    const double equal[] = { 3, 3, 3, 3, 3 }, none[] = { NAN, NAN, NAN, NAN, NAN };
    struct statistics found;
    struct error err;

    (void)state;
    assert_ok(statistics_of(&pool, equal, &found, &err));
    assert_true(isnan(found.spearman));
    assert_ok(statistics_of(&pool, none, &found, &err));
    assert_true(isnan(found.spearman));
    assert_int_equal(found.pool.n, 0);
    assert_true(isnan(found.pool.mean));
    assert_true(isnan(found.selected.quantiles[0]));
}

static void an_overlap_counts_samples_that_both_orders_choose(void **state)
{
    const double others[] = { 1, NAN, 8, 9, 2 };
    double overlap = NAN;
    struct error err;

    (void)state;
    assert_ok(statistics_overlap(&pool, others, 2, &overlap, &err));
    assert_near(overlap, .5);
    assert_ok(statistics_overlap(&pool, merits, 2, &overlap, &err));
    assert_near(overlap, 1);
}

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    int64_t model_id;
    int64_t sets[5]; /* ifd, embedding, nll of a short model, nll of a long one, cas */
};

static void put_score(struct fixture *f, int64_t set, int64_t id, double value)
{
    const struct score_row row = {
        .score_set_id = set, .sample_id = id, .value = value, .status = "ok", .n_tokens = 1
    };
    struct error err;

    assert_ok(score_put(f->samples->store, &row, f->samples->run_id, &err));
}

/* Sample i has a response of i + 1 words, and ifd i. */
static void add_sample(struct fixture *f, int i)
{
    const double vector[] = { cos(i * .1), sin(i * .1) };
    char ask[32], answer[8 * N] = "";
    struct error err;

    snprintf(ask, sizeof ask, "question %d", i);
    for (int k = 0; k <= i; k++)
        memcpy(answer + (size_t)k * 4, "yes ", 5);
    const int64_t id = store_fixture_add(f->samples, NULL, ask, answer);
    put_score(f, f->sets[0], id, i);
    put_score(f, f->sets[1], id, 1);
    assert_ok(embedding_put(f->samples->store, f->sets[1], id, vector, 2, &err));
    put_score(f, f->sets[2], id, 2 + .1 * (i * 7 % N));
    put_score(f, f->sets[3], id, 1);
    put_score(f, f->sets[4], id, .5 + .001 * (i * 5 % N));
}

static void init(struct fixture *f, void *samples, bool reversed)
{
    static const char *const metrics[] = { "ifd", "embedding", "nll", "nll", "cas" };
    struct error err;

    f->samples = samples;
    stage_run_init(&f->run, f->samples->store);
    f->model_id = store_fixture_model(f->samples->store, "long", 1);
    const int64_t short_model = store_fixture_model(f->samples->store, "short", 2);
    for (size_t i = 0; i < 5; i++)
        f->sets[i] = store_fixture_set(f->samples->store, metrics[i],
                                       i == 2 ? short_model : f->model_id, "{}", "higher");
    for (int i = 0; i < N; i++)
        add_sample(f, reversed ? N - 1 - i : i);
    assert_ok(stage_run(&f->run, &err, "measure", "facts", "length", NULL));
}

static int setup(void **state)
{
    static struct fixture f;
    void *samples;

    store_fixture_setup(&samples);
    init(&f, samples, false);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *samples = f->samples;

    return store_fixture_teardown(&samples);
}

static void select_best(struct fixture *f)
{
    struct error err;

    assert_ok(
        stage_run(&f->run, &err, "select", "name", "best", "by", "ifd", "top", "25%", NULL));
}

static void a_selection_by_length_is_called_one(void **state)
{
    struct fixture *f = *state;

    select_best(f);
    assert_rows(f->run.store,
                "SELECT text LIKE 'the order is mostly that of length%longest%'"
                " FROM selection_warning",
                "1");
    assert_rows(
        f->run.store,
        "SELECT name, pool, selected FROM v_selection_statistics WHERE subject = 'words'"
        " AND name IN ('sum', 'missing', 'median', 'spearman') ORDER BY name",
        "median|14|23\nmissing|0|0\nspearman|1|\nsum|348|141");
    assert_rows(f->run.store,
                "SELECT kind, name, unit, n_pool, n_selected, units_pool, units_selected"
                " FROM v_selection_groups ORDER BY kind, place",
                "length|0-127|words|24|6|348|141\nsource|novels|words|24|6|348|141");
    assert_non_null(strstr(f->run.notes, "warning: the order is mostly that of length"));
    assert_non_null(strstr(f->run.notes, "ifd, median"));
}

static void few_samples_are_described_without_warnings(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "select", "name", "few", "by", "ifd", "top", "2",
                        "where", "ifd < 19", NULL));
    assert_rows(f->run.store, "SELECT count(*) FROM selection_warning", "0");
    assert_rows(f->run.store,
                "SELECT pool, selected FROM v_selection_statistics WHERE name = 'count'"
                " AND subject = 'samples'",
                "19|2");
    assert_string_equal(f->run.notes, "");
}

static void the_same_selection_gets_the_description_of_new_scores(void **state)
{
    struct fixture *f = *state;
    const int64_t set =
        store_fixture_set(f->samples->store, "mtld", f->model_id, "{}", "higher");

    select_best(f);
    assert_string_equal(stage_run_text(&f->run, "result"), "new");
    assert_rows(f->run.store, "SELECT count(*) FROM selection_statistic WHERE subject = 'mtld'",
                "0");
    for (int i = 1; i <= N; i++)
        put_score(f, set, i, 60);
    f->run.dry_run = true;
    select_best(f);
    assert_rows(f->run.store, "SELECT count(*) FROM selection_statistic WHERE subject = 'mtld'",
                "0");
    f->run.dry_run = false;
    for (int i = 0; i < 2; i++) {
        select_best(f);
        assert_string_equal(stage_run_text(&f->run, "result"), "unchanged");
        assert_rows(f->run.store,
                    "SELECT name, pool, selected FROM v_selection_statistics"
                    " WHERE subject = 'mtld' AND name IN ('mean', 'missing')",
                    "mean|60|60\nmissing|0|0");
    }
}

/* All of the description, in one text. */
static const char DESCRIPTION[] =
    "WITH d(x) AS (SELECT name || subject || coalesce(pool, '') || '/' || coalesce(selected, "
    "'')"
    " FROM v_selection_statistics UNION ALL SELECT kind || name || units_selected"
    " FROM v_selection_groups UNION ALL SELECT text FROM selection_warning)"
    " SELECT group_concat(x, '; ') FROM d";

static void a_description_does_not_depend_on_the_order_of_ingestion(void **state)
{
    struct fixture *f = *state;
    struct query *query = NULL;
    struct fixture other;
    char text[8192];
    void *samples;
    struct error err;

    store_fixture_setup(&samples);
    init(&other, samples, true);
    select_best(f);
    select_best(&other);
    assert_ok(query_open(f->run.store, DESCRIPTION, &query, &err));
    assert_int_equal(query_next(query, &err), 1);
    const struct slice first = query_value(query, 0).bytes;
    assert_true(first.len > 500);
    snprintf(text, sizeof text, "%.*s", (int)first.len, first.ptr);
    query_close(query);
    assert_rows(other.run.store, DESCRIPTION, text);
    store_fixture_teardown(&samples);
}

/* Make a cohort of all samples and select by its gateau. */
static void select_by_gateau(struct fixture *f, enum normaliser normaliser)
{
    struct stage_context context = { .store = f->samples->store, .run_id = f->run.run_id };
    struct cohort_spec spec = { .name = "c",
                                .short_set_id = f->sets[2],
                                .long_set_id = f->sets[3],
                                .cas_set_id = f->sets[4] };
    struct cohort_args args = COHORT_DEFAULTS;
    struct cohort_made made;
    struct id_list ids = { 0 };
    struct error err;

    args.normaliser = normaliser;
    cohort_set_options(&args, &spec);
    assert_ok(condition_select(f->samples->store, NULL, &ids, &err));
    spec.samples = &ids;
    assert_ok(cohort_make(&context, &spec, &made, &err));
    id_list_release(&ids);
    assert_ok(stage_run(&f->run, &err, "select", "name", "best", "by", "gateau", "cohort", "c",
                        "top", "25%", NULL));
}

static void the_weight_of_cas_is_that_of_alpha_with_ranks_only(void **state)
{
    struct fixture *f = *state;

    select_by_gateau(f, NORMALISE_RANK);
    assert_rows(f->run.store,
                "SELECT subject, round(pool, 9) FROM v_selection_statistics"
                " WHERE name = 'weight' ORDER BY subject",
                "alpha|0.8\ncas|0.2");
    assert_rows(f->run.store,
                "SELECT count(*) FROM v_selection_statistics WHERE name = 'overlap'"
                " AND subject IN ('alpha 0.70', 'alpha 0.90') AND selected BETWEEN 0.5 AND 1",
                "2");
    assert_null(strstr(f->run.notes, "--norm rank"));
    select_by_gateau(f, NORMALISE_SOFTMAX);
    assert_rows(f->run.store,
                "SELECT pool < 0.1 FROM v_selection_statistics WHERE name = 'weight'"
                " AND subject = 'cas'",
                "1");
    assert_non_null(strstr(f->run.notes, "the order is almost that of hmp"));
    assert_non_null(strstr(f->run.notes, "--norm rank"));
}

static void vectors_and_random_choices_are_compared(void **state)
{
    struct fixture *f = *state;

    select_best(f);
    assert_rows(f->run.store,
                "SELECT pool, selected FROM v_selection_statistics WHERE subject ="
                " 'vectors compared'",
                "6|6");
    /* The six best are next to each other, 0.1 radians apart. */
    assert_rows(f->run.store,
                "SELECT round(selected, 6), pool > selected FROM v_selection_statistics"
                " WHERE name = 'nearest distance'",
                "0.004996|1");
    assert_rows(f->run.store,
                "SELECT selected BETWEEN 0 AND 1 FROM v_selection_statistics"
                " WHERE name = 'overlap' AND subject = 'random choice'",
                "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_are_those_by_hand),
        cmocka_unit_test(equal_merits_have_the_mean_of_their_ranks),
        cmocka_unit_test(negative_values_and_zeros_are_in_their_order),
        cmocka_unit_test(nothing_is_correlated_with_equal_values),
        cmocka_unit_test(an_overlap_counts_samples_that_both_orders_choose),
        TEST(a_selection_by_length_is_called_one),
        TEST(few_samples_are_described_without_warnings),
        TEST(the_same_selection_gets_the_description_of_new_scores),
        TEST(a_description_does_not_depend_on_the_order_of_ingestion),
        TEST(the_weight_of_cas_is_that_of_alpha_with_ranks_only),
        TEST(vectors_and_random_choices_are_compared),
    };

    return cmocka_run_group_tests_name("stages/select, describe", tests, NULL, NULL);
}
