/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "base/arena.h"
#include "stages/cohort/cohort.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

enum { N_MOST = 8, COLUMNS = 3 };

struct fixture {
    struct store_fixture *samples;
    struct stage_context context;
    struct cohort_spec spec;
    struct id_list ids;
    int64_t list[N_MOST];
};

/* The worked pool of four: perplexities under both models, and cas. */
static const double worked[COLUMNS][4] = { { 12, 8, 20, 9.5 },
                                           { 6, 7.5, 8, 9 },
                                           { 0.30, 0.55, 0.80, 0.45 } };

static int setup(void **state)
{
    static struct fixture f;
    void *samples;

    store_fixture_setup(&samples);
    f = (struct fixture){ .samples = samples };
    f.context =
        (struct stage_context){ .store = f.samples->store, .run_id = f.samples->run_id };
    f.ids.ids = f.list;
    const int64_t with_long = store_fixture_model(f.samples->store, "long", 1);
    const int64_t with_short = store_fixture_model(f.samples->store, "short", 2);

    f.spec = (struct cohort_spec){
        .name = "c",
        .samples = &f.ids,
        .short_set_id = store_fixture_set(f.samples->store, "nll", with_short, "{}", "lower"),
        .long_set_id = store_fixture_set(f.samples->store, "nll", with_long, "{}", "lower"),
        .cas_set_id = store_fixture_set(f.samples->store, "cas", with_long, "{}", "higher"),
    };
    cohort_set_options(&(const struct cohort_args)COHORT_DEFAULTS, &f.spec);
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

/* Add a sample with these scores. NAN stores a missing score with a reason, INFINITY no row at
 * all. */
static void add(struct fixture *f, double nll_short, double nll_long, double cas)
{
    const double values[COLUMNS] = { nll_short, nll_long, cas };
    const int64_t sets[COLUMNS] = { f->spec.short_set_id, f->spec.long_set_id,
                                    f->spec.cas_set_id };
    static const char *const reasons[COLUMNS] = { "too_long", "empty_response",
                                                  "too_few_segments" };
    char question[32];
    struct error err;

    assert_true(f->ids.n < N_MOST);
    snprintf(question, sizeof question, "question %zu", f->ids.n);
    const int64_t id = store_fixture_add(f->samples, NULL, question, "yes");
    f->list[f->ids.n++] = id;
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct score_row row = { .score_set_id = sets[i],
                                       .sample_id = id,
                                       .value = isnan(values[i]) ? 0 : values[i],
                                       .status = isnan(values[i]) ? reasons[i] : "ok" };

        if (!isinf(values[i]))
            assert_ok(score_put(f->samples->store, &row, f->samples->run_id, &err));
    }
}

static void add_worked(struct fixture *f)
{
    for (size_t i = 0; i < 4; i++)
        add(f, log(worked[0][i]), log(worked[1][i]), worked[2][i]);
}

static struct cohort_numbers numbers_of(struct fixture *f)
{
    struct cohort_numbers numbers;
    struct error err;

    assert_ok(cohort_numbers_make(&f->context, &f->spec, &numbers, &err));
    return numbers;
}

static void assert_all_near(const double *values, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(values[i] - want[i]) <= 1e-6))
            fail_msg("%zu: %.9g is not near %.9g", i, values[i], want[i]);
}

static void cohort_options_give_the_worked_numbers(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct scorer_options options;
        double want[4];
    } cases[] = {
        { { .alpha = 0.7 }, { .3149874, .1869124, .3531881, .1449120 } },
        { { .alpha = 0.8 }, { .3319446, .1776089, .3574118, .1330347 } },
        { { .alpha = 0.7, .normaliser = NORMALISE_RANK },
          { .5833333, .4333333, .8833333, .1 } },
        { { .alpha = 1, .log_ppl = true }, { .3976806, .1473488, .3415967, .1133740 } },
        { { .alpha = 0, .low_cas = true }, { .3080677, .2399234, .1868525, .2651564 } },
    };

    add_worked(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f->spec.options = cases[i].options;
        struct cohort_numbers numbers = numbers_of(f);

        assert_all_near(numbers.gateau, cases[i].want, 4);
        assert_int_equal(numbers.row.n, 4);
        cohort_numbers_release(&numbers);
    }
}

static void a_cohort_records_the_range_of_each_input(void **state)
{
    struct fixture *f = *state;

    add_worked(f);
    add(f, NAN, 1, 0.99);
    struct cohort_numbers numbers = numbers_of(f);

    assert_true(numbers.row.nll_short.min == log(8) && numbers.row.nll_short.max == log(20));
    assert_true(numbers.row.nll_long.min == log(6) && numbers.row.nll_long.max == log(9));
    assert_true(numbers.row.cas.min == 0.30 && numbers.row.cas.max == 0.80);
    assert_true(fabs(numbers.row.hmp.min + 0.875) < 1e-12);
    assert_int_equal(numbers.row.n_samples, 5);
    cohort_numbers_release(&numbers);
}

/* For each normaliser, and for each input that can be missing. */
static void a_sample_with_a_missing_input_changes_no_other_sample(void **state)
{
    struct fixture *f = *state;
    double before[NORMALISERS][4];

    add_worked(f);
    for (int norm = 0; norm < NORMALISERS; norm++) {
        f->spec.options.normaliser = (enum normaliser)norm;
        struct cohort_numbers numbers = numbers_of(f);

        memcpy(before[norm], numbers.gateau, sizeof before[norm]);
        cohort_numbers_release(&numbers);
    }
    add(f, NAN, 9, 0.9);
    add(f, 9, NAN, 0.9);
    add(f, 9, 9, NAN);
    add(f, 9, INFINITY, 0.9);
    for (int norm = 0; norm < NORMALISERS; norm++) {
        f->spec.options.normaliser = (enum normaliser)norm;
        struct cohort_numbers numbers = numbers_of(f);

        assert_memory_equal(before[norm], numbers.gateau, sizeof before[norm]);
        for (size_t i = 4; i < 8; i++)
            assert_true(isnan(numbers.gateau[i]) && isnan(numbers.hmp[i]));
        assert_string_equal(numbers.status[4], "too_long");
        assert_string_equal(numbers.status[5], "empty_response");
        assert_string_equal(numbers.status[6], "too_few_segments");
        assert_string_equal(numbers.status[7], "not_scored");
        assert_int_equal(numbers.row.n, 4);
        assert_int_equal(numbers.n_not_scored, 1);
        cohort_numbers_release(&numbers);
    }
}

static void impute_replaces_a_missing_input_by_the_median(void **state)
{
    struct fixture *f = *state;

    f->spec.impute = true;
    add_worked(f);
    add(f, log(9), log(7), NAN);
    add(f, NAN, 1, 0.5);
    add(f, NAN, NAN, NAN);
    struct cohort_numbers numbers = numbers_of(f);

    assert_true(numbers.cas[4] == (0.45 + 0.55) / 2);
    assert_true(numbers.row.cas.max == 0.80); /* the median is not part of the range */
    assert_false(isnan(numbers.hmp[5]));
    assert_false(isnan(numbers.gateau[4]) || isnan(numbers.gateau[5]));
    assert_string_equal(numbers.status[4], "imputed");
    assert_string_equal(numbers.status[5], "imputed");
    assert_true(isnan(numbers.gateau[6]));
    assert_string_equal(numbers.status[6], "too_long");
    assert_int_equal(numbers.row.n, 6);
    assert_int_equal(numbers.row.n_imputed, 2);
    cohort_numbers_release(&numbers);
}

static void impute_leaves_an_input_missing_if_every_sample_lacks_it(void **state)
{
    struct fixture *f = *state;

    f->spec.impute = true;
    add(f, 1, 2, NAN);
    add(f, 2, 2, NAN);
    struct cohort_numbers numbers = numbers_of(f);

    assert_true(isnan(numbers.gateau[0]) && isnan(numbers.gateau[1]));
    assert_string_equal(numbers.status[0], "too_few_segments");
    assert_int_equal(numbers.row.n, 0);
    cohort_numbers_release(&numbers);
}

static void assert_compares_nothing(struct fixture *f, const char *reason)
{
    for (int norm = 0; norm < NORMALISERS; norm++) {
        f->spec.options.normaliser = (enum normaliser)norm;
        struct cohort_numbers numbers = numbers_of(f);

        for (size_t i = 0; i < numbers.n; i++) {
            assert_true(isnan(numbers.hmp[i]) && isnan(numbers.gateau[i]));
            assert_string_equal(numbers.status[i], reason);
        }
        assert_string_equal(numbers.obstacle, reason);
        assert_int_equal(numbers.row.n, 0);
        assert_int_equal(numbers.row.n_imputed, 0);
        cohort_numbers_release(&numbers);
    }
}

static void a_cohort_of_one_has_a_reason_instead_of_scores(void **state)
{
    struct fixture *f = *state;

    add(f, 3, 2, 0.4);
    assert_compares_nothing(f, "cohort_of_one");
    f->spec.impute = true;
    assert_compares_nothing(f, "cohort_of_one");
    add(f, NAN, 1, 0.5); /* its median of hmp would be the one sample's */
    struct cohort_numbers numbers = numbers_of(f);

    assert_true(isnan(numbers.gateau[0]) && isnan(numbers.gateau[1]));
    assert_string_equal(numbers.status[1], "too_long");
    cohort_numbers_release(&numbers);
}

static void a_cohort_of_equals_has_a_reason_instead_of_scores(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        add(f, 3, 2, 0.4 + i * 0.1); /* hmp compares nothing, so gateau lacks an input */
    assert_compares_nothing(f, "all_equal");
}

static void a_cohort_of_equal_hmp_and_cas_has_a_reason_instead_of_scores(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        add(f, 3 + i, 3 + i, 0.4); /* the models agree on each sample: hmp is 0 */
    assert_compares_nothing(f, "all_equal");
}

/* One input that differs is enough to compare. */
static void a_cohort_that_differs_in_one_input_has_scores(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        add(f, 3 + i, 2, 0.4);
    struct cohort_numbers numbers = numbers_of(f);

    assert_null(numbers.obstacle);
    assert_int_equal(numbers.row.n, 3);
    assert_true(numbers.gateau[2] > numbers.gateau[1] && numbers.gateau[1] > numbers.gateau[0]);
    assert_string_equal(numbers.status[0], "ok");
    cohort_numbers_release(&numbers);
}

static void make(struct fixture *f, int64_t version, bool is_new)
{
    struct cohort_made made;
    struct error err;

    assert_ok(cohort_make(&f->context, &f->spec, &made, &err));
    assert_int_equal(made.version, version);
    assert_int_equal(made.is_new, is_new);
}

static void a_cohort_version_is_made_once_and_never_changes(void **state)
{
    struct fixture *f = *state;
    struct error err;

    add_worked(f);
    make(f, 1, true);
    make(f, 1, false);
    f->spec.options.alpha = 0.7;
    make(f, 2, true);
    add(f, 2, 1, 0.9);
    make(f, 3, true);
    f->spec.condition = "1";
    make(f, 4, true);
    f->spec.condition = NULL;
    f->ids.n = 4;
    assert_ok(run_begin(f->samples->store, 0, "cohort make", slice_text("{}"),
                        &f->context.run_id, &err));
    make(f, 2, false);

    assert_rows(f->samples->store, "SELECT version, n, alpha, is_current FROM v_cohorts",
                "1|4|0.8|0\n2|4|0.7|1\n3|5|0.7|0\n4|5|0.7|0");
    assert_rows(f->samples->store,
                "SELECT version, count(*), round(sum(gateau), 9) FROM v_cohort_scores"
                " GROUP BY 1",
                "1|4|2\n2|4|2\n3|5|2.5\n4|5|2.5");
    assert_rows(f->samples->store,
                "SELECT metric, count(*) FROM v_scores WHERE metric IN ('hmp', 'gateau')"
                " GROUP BY 1",
                "gateau|4\nhmp|4");
}

static void a_dry_run_of_cohort_make_writes_nothing(void **state)
{
    struct fixture *f = *state;

    add_worked(f);
    f->context.dry_run = true;
    make(f, 1, true);

    assert_rows(f->samples->store, "SELECT count(*) FROM cohort", "0");
}

static void an_empty_cohort_has_no_ranges(void **state)
{
    struct fixture *f = *state;

    make(f, 1, true);

    assert_rows(f->samples->store,
                "SELECT n, nll_short_min, hmp_max, cas_min IS NULL FROM v_cohorts", "0|||1");
}

static void a_cohort_is_found_by_name_or_by_name_and_version(void **state)
{
    struct fixture *f = *state;
    struct cohort_row row;
    struct arena arena;
    struct error err;

    arena_init(&arena);
    assert_fails(cohort_load(f->samples->store, "c", &arena, &row, &err), ERR_NOT_FOUND,
                 "score gateau");
    make(f, 1, true);
    assert_ok(cohort_load(f->samples->store, "c@1", &arena, &row, &err));
    assert_string_equal(row.normaliser, "rank");
    assert_int_equal(row.gateau_set_id > 0, 1);
    assert_fails(cohort_load(f->samples->store, "c@2", &arena, &row, &err), ERR_NOT_FOUND,
                 "choose one of: c@1");
    assert_fails(cohort_load(f->samples->store, "c@x", &arena, &row, &err), ERR_USAGE, "c@1");
    assert_fails(cohort_load(f->samples->store, "c@", &arena, &row, &err), ERR_USAGE, "c@1");
    assert_fails(cohort_check_name("c@1", &err), ERR_USAGE, "version");
    assert_fails(cohort_check_name("", &err), ERR_USAGE, "empty");
    arena_release(&arena);
}

static void a_cohort_that_a_selection_uses_is_not_dropped(void **state)
{
    struct fixture *f = *state;
    struct stage_run run;
    uint64_t n = 0;
    struct error err;

    add_worked(f);
    make(f, 1, true);
    f->spec.options.alpha = 0.3;
    make(f, 2, true);
    stage_run_init(&run, f->samples->store);
    assert_ok(stage_run(&run, &err, "select", "name", "best", "by", "gateau", "cohort", "c@1",
                        "top", "2", NULL));
    assert_string_equal(stage_run_text(&run, "cohort"), "c@1");

    assert_fails(cohort_drop(f->samples->store, "c", false, &n, &err), ERR_USAGE, "best");
    assert_ok(cohort_drop(f->samples->store, "c@2", true, &n, &err));
    assert_rows(f->samples->store, "SELECT count(*) FROM cohort", "2");
    assert_ok(cohort_drop(f->samples->store, "c@2", false, &n, &err));
    assert_int_equal(n, 1);
    assert_rows(f->samples->store,
                "SELECT version, (SELECT count(*) FROM cohort_score) FROM cohort", "1|4");
    assert_fails(cohort_drop(f->samples->store, "c@2", false, &n, &err), ERR_NOT_FOUND, "c@1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cohort_options_give_the_worked_numbers),
        TEST(a_cohort_records_the_range_of_each_input),
        TEST(a_sample_with_a_missing_input_changes_no_other_sample),
        TEST(impute_replaces_a_missing_input_by_the_median),
        TEST(a_cohort_of_one_has_a_reason_instead_of_scores),
        TEST(a_cohort_of_equals_has_a_reason_instead_of_scores),
        TEST(a_cohort_of_equal_hmp_and_cas_has_a_reason_instead_of_scores),
        TEST(a_cohort_that_differs_in_one_input_has_scores),
        TEST(impute_leaves_an_input_missing_if_every_sample_lacks_it),
        TEST(a_cohort_version_is_made_once_and_never_changes),
        TEST(a_dry_run_of_cohort_make_writes_nothing),
        TEST(an_empty_cohort_has_no_ranges),
        TEST(a_cohort_is_found_by_name_or_by_name_and_version),
        TEST(a_cohort_that_a_selection_uses_is_not_dropped),
    };

    return cmocka_run_group_tests_name("stages/cohort", tests, NULL, NULL);
}
