/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/selection/budget.h"
#include "scoring/selection/order.h"

static const uint32_t by_rank[] = { 0, 1, 2, 3, 4 };
static const uint64_t lengths[] = { 6, 5, 3, 1, 1 };

static void samples_that_do_not_fit_are_skipped(void **state)
{
    const struct sample_budget budget = { .total = 10 };
    uint32_t picks[5];
    size_t n = 0;
    uint64_t used = 0;
    struct error err;

    (void)state;
    assert_ok(budget_fill(&budget, by_rank, 5, lengths, picks, &n, &used, &err));
    assert_int_equal(n, 3);
    assert_int_equal(picks[0], 0);
    assert_int_equal(picks[1], 2);
    assert_int_equal(picks[2], 3);
    assert_int_equal(used, 10);
}

static void stop_mode_ends_at_the_first_sample_that_does_not_fit(void **state)
{
    const struct sample_budget budget = { .total = 10, .mode = BUDGET_STOP };
    uint32_t picks[5];
    size_t n = 0;
    uint64_t used = 0;
    struct error err;

    (void)state;
    assert_ok(budget_fill(&budget, by_rank, 5, lengths, picks, &n, &used, &err));
    assert_int_equal(n, 1);
    assert_int_equal(used, 6);
}

/* 991 of 1,000 are used, so less than 1 % is left: the sample of 20 ends the search for one
 * that fits, and the sample of 1 after it is not tried. */
static void a_budget_with_less_than_one_percent_left_is_closed(void **state)
{
    const struct sample_budget budget = { .total = 1000 };
    const uint64_t costs[] = { 991, 20, 1 }, more[] = { 990, 20, 1 };
    uint32_t picks[3];
    size_t n = 0;
    uint64_t used = 0;
    struct error err;

    (void)state;
    assert_ok(budget_fill(&budget, by_rank, 3, costs, picks, &n, &used, &err));
    assert_int_equal(used, 991);
    assert_ok(budget_fill(&budget, by_rank, 3, more, picks, &n, &used, &err));
    assert_int_equal(used, 991);
    assert_int_equal(n, 2);
}

static void a_budget_of_samples_counts_each_sample_as_one(void **state)
{
    const struct sample_budget budget = { .total = 4 };
    uint32_t picks[5];
    size_t n = 0;
    uint64_t used = 0;
    struct error err;

    (void)state;
    assert_ok(budget_fill(&budget, by_rank, 5, NULL, picks, &n, &used, &err));
    assert_int_equal(n, 4);
}

static void a_full_group_does_not_stop_the_other_groups(void **state)
{
    const uint32_t groups[] = { 0, 0, 1, 1, 0 };
    const uint64_t totals[] = { 6, 4 };
    const struct sample_budget budget = {
        .total = 10, .groups = groups, .group_totals = totals, .n_groups = 2
    };
    uint32_t picks[5];
    size_t n = 0;
    uint64_t used = 0;
    struct error err;

    (void)state;
    assert_ok(budget_fill(&budget, by_rank, 5, lengths, picks, &n, &used, &err));
    assert_int_equal(n, 3);
    assert_int_equal(picks[0], 0);
    assert_int_equal(picks[1], 2);
    assert_int_equal(picks[2], 3);
}

static void each_tier_has_the_samples_of_the_tier_before_it(void **state)
{
    const uint64_t totals[] = { 4, 10, 16 };
    uint64_t used[3];
    uint8_t tier[5];

    (void)state;
    budget_fill_tiers(totals, 3, BUDGET_SKIP, by_rank, 5, lengths, tier, 5, used);
    /* Tier 1: 3 + 1. Tier 2: 6 more. Tier 3: 5 more, and 1 fits. */
    assert_int_equal(tier[0], 2);
    assert_int_equal(tier[1], 3);
    assert_int_equal(tier[2], 1);
    assert_int_equal(tier[3], 1);
    assert_int_equal(tier[4], 3);
    assert_int_equal(used[0], 4);
    assert_int_equal(used[1], 10);
    assert_int_equal(used[2], 16);
}

static void missing_values_are_left_out_and_equal_ones_keep_their_number(void **state)
{
    const double values[] = { 1, NAN, 3, 1, 3 };
    const uint64_t costs[] = { 1, 1, 6, 2, 0 };
    uint32_t order[5];
    size_t n = 0;
    struct error err;

    (void)state;
    assert_ok(order_by_value(values, 5, order, &n, &err));
    assert_int_equal(n, 4);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 4);
    assert_int_equal(order[2], 0);
    assert_int_equal(order[3], 3);
    assert_ok(order_by_value_per_cost(values, costs, 5, order, &n, &err));
    assert_int_equal(n, 4);
    assert_int_equal(order[0], 4);
    assert_int_equal(order[1], 0);
    assert_int_equal(order[2], 2);
    assert_int_equal(order[3], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_that_do_not_fit_are_skipped),
        cmocka_unit_test(stop_mode_ends_at_the_first_sample_that_does_not_fit),
        cmocka_unit_test(a_budget_with_less_than_one_percent_left_is_closed),
        cmocka_unit_test(a_budget_of_samples_counts_each_sample_as_one),
        cmocka_unit_test(a_full_group_does_not_stop_the_other_groups),
        cmocka_unit_test(each_tier_has_the_samples_of_the_tier_before_it),
        cmocka_unit_test(missing_values_are_left_out_and_equal_ones_keep_their_number),
    };

    return cmocka_run_group_tests_name("scoring/selection/budget", tests, NULL, NULL);
}
