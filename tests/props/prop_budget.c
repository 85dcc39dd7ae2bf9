/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of budgets over random samples. */
#include "tests/support/test.h"

#include "scoring/selection/budget.h"
#include "tests/support/rng.h"

enum { SAMPLES = 200, ROUNDS = 500, GROUPS = 4 };

/* Shuffle the numbers 0 to n - 1. */
static void shuffle(struct rng *rng, uint32_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t j = rng_below(rng, i + 1);

        order[i] = order[j];
        order[j] = (uint32_t)i;
    }
}

static void budgets_and_quotas_are_never_exceeded(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    uint32_t order[SAMPLES], picks[SAMPLES], groups[SAMPLES];
    uint64_t costs[SAMPLES], totals[GROUPS];
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const struct sample_budget budget = { .total = rng_below(&rng, 4000),
                                              .mode = round % 2 ? BUDGET_STOP : BUDGET_SKIP,
                                              .groups = round % 3 ? groups : NULL,
                                              .group_totals = totals,
                                              .n_groups = GROUPS };
        uint64_t used = 0, sum = 0, by_group[GROUPS] = { 0 };
        size_t n = 0;

        shuffle(&rng, order, SAMPLES);
        for (size_t i = 0; i < SAMPLES; i++) {
            costs[i] = 1 + rng_below(&rng, 60);
            groups[i] = (uint32_t)rng_below(&rng, GROUPS);
        }
        for (size_t g = 0; g < GROUPS; g++)
            totals[g] = rng_below(&rng, 1000);
        assert_ok(budget_fill(&budget, order, SAMPLES, costs, picks, &n, &used, &err));
        for (size_t i = 0; i < n; i++) {
            sum += costs[picks[i]];
            by_group[groups[picks[i]]] += costs[picks[i]];
        }
        assert_int_equal(sum, used);
        assert_true(used <= budget.total);
        for (size_t g = 0; budget.groups && g < GROUPS; g++)
            assert_true(by_group[g] <= totals[g]);
    }
}

/* Without groups: no skipped sample would fit, unless less than 1 % of the budget is left. */
static void a_budget_is_used_as_far_as_samples_fit(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    uint32_t order[SAMPLES], picks[SAMPLES];
    uint64_t costs[SAMPLES];
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const struct sample_budget budget = { .total = 1 + rng_below(&rng, 4000) };
        unsigned char taken[SAMPLES] = { 0 };
        uint64_t used = 0;
        size_t n = 0;

        shuffle(&rng, order, SAMPLES);
        for (size_t i = 0; i < SAMPLES; i++)
            costs[i] = 1 + rng_below(&rng, 60);
        assert_ok(budget_fill(&budget, order, SAMPLES, costs, picks, &n, &used, &err));
        for (size_t i = 0; i < n; i++)
            taken[picks[i]] = 1;
        for (size_t i = 0; i < SAMPLES; i++)
            if (!taken[i] && (budget.total - used) * 100 >= budget.total)
                assert_true(costs[i] > budget.total - used);
    }
}

static void tiers_lie_inside_each_other_and_are_never_exceeded(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    uint32_t order[SAMPLES];
    uint64_t costs[SAMPLES], totals[3], used[3];
    uint8_t tier[SAMPLES];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t sums[3] = { 0 };

        shuffle(&rng, order, SAMPLES);
        for (size_t i = 0; i < SAMPLES; i++)
            costs[i] = 1 + rng_below(&rng, 60);
        totals[0] = rng_below(&rng, 1000);
        totals[1] = totals[0] + rng_below(&rng, 1000);
        totals[2] = totals[1] + rng_below(&rng, 5000);
        budget_fill_tiers(totals, 3, round % 2 ? BUDGET_STOP : BUDGET_SKIP, order, SAMPLES,
                          costs, tier, SAMPLES, used);
        for (size_t t = 0; t < 3; t++) {
            for (size_t i = 0; i < SAMPLES; i++)
                sums[t] += tier[i] != 0 && tier[i] <= t + 1 ? costs[i] : 0;
            assert_int_equal(sums[t], used[t]);
            assert_true(used[t] <= totals[t]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_and_quotas_are_never_exceeded),
        cmocka_unit_test(a_budget_is_used_as_far_as_samples_fit),
        cmocka_unit_test(tiers_lie_inside_each_other_and_are_never_exceeded),
    };

    return cmocka_run_group_tests_name("props/budget", tests, NULL, NULL);
}
