/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "scoring/normalise.h"

static void assert_near(double value, double want, double tolerance)
{
    if (!(fabs(value - want) <= tolerance))
        fail_msg("%.17g is not within %g of %.17g", value, tolerance, want);
}

static void assert_all_near(const double *values, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_near(values[i], want[i], 1e-6);
}

static void min_max_takes_logarithms_and_scales_perplexities(void **state)
{
    const double ppl[] = { 12, 8, 20, 9.5 };
    const double want[] = { 0.3333333333, 0, 1, 0.125 };
    double nll[4], out[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        nll[i] = log(ppl[i]);

    normalise_minmax_ppl(nll, 4, out);

    assert_all_near(out, want, 4);
    assert_true(out[1] == 0);
    assert_true(out[2] == 1);
}

static void min_max_of_equal_values_is_a_half(void **state)
{
    const double nll[] = { 2.5, 2.5, 2.5 };
    double out[3];

    (void)state;
    normalise_minmax_ppl(nll, 3, out);
    for (size_t i = 0; i < 3; i++)
        assert_true(out[i] == 0.5);

    normalise_minmax_ppl(nll, 1, out);
    assert_true(out[0] == 0.5);
}

static void min_max_of_perplexities_beyond_double_range_is_finite(void **state)
{
    const double nll[] = { 1, 5000, 4999, 3 };
    double out[4];

    (void)state;
    normalise_minmax_ppl(nll, 4, out);

    assert_true(out[0] == 0);
    assert_true(out[1] == 1);
    assert_near(out[2], exp(-1), 1e-15);
    assert_near(out[3], 0, 1e-300);
}

static void min_max_of_close_perplexities_is_accurate(void **state)
{
    const double nll[] = { 3, 3 + 0x1p-40, 3 + 0x1p-39 };
    double out[3];

    (void)state;
    normalise_minmax_ppl(nll, 3, out);

    assert_true(out[0] == 0);
    assert_near(out[1], 0.5, 1e-12);
    assert_true(out[2] == 1);
}

static void softmax_matches_worked_numbers(void **state)
{
    const double ppl[] = { 4, 2, 3, 5 };
    const double ppl_want[] = { 0.2368828, 0.0320586, 0.0871443, 0.6439143 };
    const double cas[] = { 0.30, 0.55, 0.80, 0.45 };
    const double cas_want[] = { 0.1962870, 0.2520375, 0.3236225, 0.2280530 };
    double out[4];
    struct error err;

    (void)state;
    assert_ok(normalise_softmax(ppl, 4, out, &err));
    assert_all_near(out, ppl_want, 4);

    assert_ok(normalise_softmax(cas, 4, out, &err));
    assert_all_near(out, cas_want, 4);
}

static void softmax_does_not_overflow(void **state)
{
    const double values[] = { 1e6, 1e6 - 1, -1e6 };
    double out[3];
    struct error err;

    (void)state;
    assert_ok(normalise_softmax(values, 3, out, &err));

    assert_near(out[0], 1 / (1 + exp(-1)), 1e-15);
    assert_near(out[1], exp(-1) / (1 + exp(-1)), 1e-15);
    assert_true(out[2] == 0);
}

static void softmax_of_one_value_is_one(void **state)
{
    const double value = -3;
    double out;
    struct error err;

    (void)state;
    assert_ok(normalise_softmax(&value, 1, &out, &err));
    assert_true(out == 1);
}

static void softmax_of_two_million_values_sums_to_one(void **state)
{
    const size_t n = 2000000;
    double *values = calloc(n, sizeof *values);
    double total = 0;
    struct error err;

    (void)state;
    assert_non_null(values);

    assert_ok(normalise_softmax(values, n, values, &err));

    for (size_t i = 0; i < n; i++)
        total += values[i];
    free(values);
    assert_near(total, 1, 1e-9);
}

static void equal_values_share_their_rank(void **state)
{
    const double d[] = { 1.0 / 3, -0.5, 1.0 / 3 + 5e-17, -0.875 };
    const double d_want[] = { 0.8333333, 0.3333333, 0.8333333, 0 };
    const double cas[] = { 0.30, 0.55, 0.80, 0.45 };
    const double cas_want[] = { 0, 0.6666667, 1, 0.3333333 };
    const double equal[] = { 2, 2, 2 };
    double out[4];
    struct error err;

    (void)state;
    assert_ok(normalise_rank(d, 4, out, &err));
    assert_all_near(out, d_want, 4);
    assert_ok(normalise_rank(cas, 4, out, &err));
    assert_all_near(out, cas_want, 4);
    assert_ok(normalise_rank(equal, 3, out, &err));
    assert_true(out[0] == 0.5 && out[2] == 0.5);
    assert_ok(normalise_rank(equal, 1, out, &err));
    assert_true(out[0] == 0.5);
}

static void z_scores_have_mean_zero_and_deviation_one(void **state)
{
    const double values[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
    const double want[] = { -1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2 };
    const double equal[] = { 0.1, 0.1, 0.1 };
    double out[8];
    struct error err;

    (void)state;
    assert_ok(normalise_zscore(values, 8, out, &err));
    assert_all_near(out, want, 8);
    assert_ok(normalise_zscore(equal, 3, out, &err));
    assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0);
}

static void clipping_keeps_an_outlier_from_compressing_the_others(void **state)
{
    double values[201], out[201];
    struct error err;

    (void)state;
    for (int i = 0; i < 201; i++)
        values[i] = i;
    values[200] = 1e9;
    values[0] = -1e9;

    assert_ok(normalise_robust(values, 201, out, &err));

    assert_true(out[0] == 0 && out[2] == 0 && out[198] == 1 && out[200] == 1);
    assert_near(out[100], 0.5, 1e-12);
}

/* The percentiles of up to a hundred values are the lowest and the highest value. */
static void clipping_a_few_values_takes_the_lowest_and_the_highest(void **state)
{
    double values[100], out[100];
    struct error err;

    (void)state;
    for (size_t n = 5; n <= 100; n++) {
        for (size_t i = 0; i < n; i++)
            values[i] = (double)i;
        values[0] = -1e9;
        values[n - 1] = 1e9;
        assert_ok(normalise_robust(values, n, out, &err));
        assert_true(out[0] == 0 && out[1] == 0 && out[n - 2] == 1 && out[n - 1] == 1);
        assert_near(out[2], 1 / (double)(n - 3), 1e-12);
    }
    assert_ok(normalise_clip(values + 96, 4, out, &err)); /* too few to call one an outlier */
    assert_true(out[0] == 96 && out[3] == 1e9);
}

static void one_value_or_equal_values_compare_nothing(void **state)
{
    static const double equal[] = { 2, 2, 2 }, different[] = { 2, 2, 3 };
    const double *const inputs[] = { equal, different, equal };

    (void)state;
    assert_string_equal(normalise_obstacle(inputs, 2, 1), "cohort_of_one");
    assert_null(normalise_obstacle(inputs, 2, 3));
    assert_null(normalise_obstacle(inputs + 1, 2, 3));
    assert_string_equal(normalise_obstacle(inputs, 2, 2), "all_equal");
    assert_string_equal(normalise_obstacle(inputs, 1, 3), "all_equal");
}

static void every_normaliser_is_found_by_its_name(void **state)
{
    enum normaliser found;

    (void)state;
    for (int i = 0; i < NORMALISERS; i++) {
        assert_true(normaliser_find(normaliser_name((enum normaliser)i), &found));
        assert_int_equal(found, i);
    }
    assert_false(normaliser_find("softmin", &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(min_max_takes_logarithms_and_scales_perplexities),
        cmocka_unit_test(min_max_of_equal_values_is_a_half),
        cmocka_unit_test(min_max_of_perplexities_beyond_double_range_is_finite),
        cmocka_unit_test(min_max_of_close_perplexities_is_accurate),
        cmocka_unit_test(softmax_matches_worked_numbers),
        cmocka_unit_test(softmax_does_not_overflow),
        cmocka_unit_test(softmax_of_one_value_is_one),
        cmocka_unit_test(softmax_of_two_million_values_sums_to_one),
        cmocka_unit_test(equal_values_share_their_rank),
        cmocka_unit_test(z_scores_have_mean_zero_and_deviation_one),
        cmocka_unit_test(clipping_keeps_an_outlier_from_compressing_the_others),
        cmocka_unit_test(clipping_a_few_values_takes_the_lowest_and_the_highest),
        cmocka_unit_test(one_value_or_equal_values_compare_nothing),
        cmocka_unit_test(every_normaliser_is_found_by_its_name),
    };

    return cmocka_run_group_tests_name("scoring/normalise", tests, NULL, NULL);
}
