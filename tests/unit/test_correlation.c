/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/correlation.h"

static double spearman(const double *a, const double *b, size_t n)
{
    double out;
    struct error err;

    assert_ok(correlation_spearman(a, b, n, &out, &err));
    return out;
}

static void rank_correlation_matches_worked_example_twenty_one(void **state)
{
    const double a[] = { 2, 1, 3, 0 }, b[] = { 1, 3, 0, 2 };

    (void)state;
    assert_true(fabs(spearman(a, b, 4) - -.8) < 1e-12);
}

static void rank_correlation_depends_on_order_only(void **state)
{
    const double a[] = { 1, 2, 3, 4 }, b[] = { -5, 0, 1e6, 1e300 }, c[] = { 4, 3, 2, 1 };

    (void)state;
    assert_true(fabs(spearman(a, b, 4) - 1) < 1e-12);
    assert_true(fabs(spearman(c, b, 4) - -1) < 1e-12);
}

/* Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5). */
static void equal_values_share_their_mean_rank(void **state)
{
    const double a[] = { 1, 2, 2, 3 }, b[] = { 1, 2, 3, 4 };

    (void)state;
    assert_true(fabs(spearman(a, b, 4) - 4.5 / sqrt(4.5 * 5)) < 1e-12);
}

static void correlation_with_constant_values_is_missing(void **state)
{
    const double a[] = { 1, 1, 1 }, b[] = { 1, 2, 3 };

    (void)state;
    assert_true(isnan(spearman(a, b, 3)));
    assert_true(isnan(spearman(b, b, 1)));
    assert_true(isnan(spearman(b, b, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_correlation_matches_worked_example_twenty_one),
        cmocka_unit_test(rank_correlation_depends_on_order_only),
        cmocka_unit_test(equal_values_share_their_mean_rank),
        cmocka_unit_test(correlation_with_constant_values_is_missing),
    };

    return cmocka_run_group_tests_name("scoring/correlation", tests, NULL, NULL);
}
