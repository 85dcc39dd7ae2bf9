/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of quotas over random groups, against water-filling as its definition has it. */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/selection/quota.h"
#include "tests/support/rng.h"

enum { GROUPS_MAX = 12, ROUNDS = 4000 };

/* Raise all groups that are not full by the same multiple of their weights, until the total is
 * used up or all groups are full. */
static double fill_step_by_step(double left, const double *weights, const double *caps,
                                size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 0;
    for (size_t round = 0; round <= n; round++) {
        double sum = 0, step = INFINITY;

        for (size_t i = 0; i < n; i++)
            if (caps[i] - out[i] > 1e-9) {
                sum += weights[i];
                step = fmin(step, (caps[i] - out[i]) / weights[i]);
            }
        if (sum == 0 || left <= 1e-12)
            break;
        step = fmin(step, left / sum);
        for (size_t i = 0; i < n; i++)
            if (caps[i] - out[i] > 1e-9)
                out[i] += step * weights[i];
        left -= step * sum;
    }
    return left;
}

static void water_filling_matches_its_definition(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    double weights[GROUPS_MAX], caps[GROUPS_MAX], out[GROUPS_MAX], want[GROUPS_MAX], left;
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const size_t n = 1 + rng_below(&rng, GROUPS_MAX);
        const double total = (double)rng_below(&rng, 1000);

        for (size_t i = 0; i < n; i++) {
            weights[i] = (double)(1 + rng_below(&rng, 20));
            caps[i] = (double)rng_below(&rng, 200);
        }
        const double want_left = fill_step_by_step(total, weights, caps, n, want);
        assert_ok(quota_fill(total, weights, NULL, caps, n, out, &left, &err));
        assert_true(fabs(left - want_left) < 1e-6);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(out[i] - want[i]) < 1e-6);
    }
}

static void shares_sum_to_the_total_and_are_less_than_one_off(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    double weights[GROUPS_MAX];
    uint64_t out[GROUPS_MAX];
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const size_t n = 1 + rng_below(&rng, GROUPS_MAX);
        const uint64_t total = rng_next(&rng) >> (12 + rng_below(&rng, 52));
        double sum = 0;
        uint64_t given = 0;

        for (size_t i = 0; i < n; i++)
            sum += weights[i] = rng_unit(&rng) + 1e-3;
        assert_ok(quota_share(total, weights, n, out, &err));
        for (size_t i = 0; i < n; i++) {
            const double exact = (double)total * weights[i] / sum;

            given += out[i];
            assert_true(fabs((double)out[i] - exact) < 1 + 1e-9 * exact);
        }
        assert_int_equal(given, total);
    }
}

static void allocations_keep_every_bound_and_lose_nothing(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct quota_group groups[GROUPS_MAX];
    uint64_t unfilled = 0;
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const size_t n = 1 + rng_below(&rng, GROUPS_MAX);
        const uint64_t total = 200 + rng_below(&rng, 800);
        uint64_t taken = 0, room = 0;

        for (size_t i = 0; i < n; i++) {
            groups[i] = (struct quota_group){ .name = "g",
                                              .weight = (double)rng_below(&rng, 5),
                                              .have = rng_below(&rng, 300),
                                              .min = rng_below(&rng, 16),
                                              .max = 16 + rng_below(&rng, 300),
                                              .parent = QUOTA_NO_PARENT };
        }
        assert_ok(quota_allocate(groups, n, total, &unfilled, &err));
        for (size_t i = 0; i < n; i++) {
            const struct quota_group *g = &groups[i];
            const uint64_t cap = g->have < g->max ? g->have : g->max;
            const uint64_t low = g->min < cap ? g->min : cap;

            assert_true(g->take <= cap && g->take >= low);
            taken += g->take;
            room += g->weight > 0 ? cap : low;
        }
        assert_int_equal(taken + unfilled, total);
        assert_int_equal(taken, total < room ? total : room);
    }
}

/* Two levels: the children of a group take what the group takes. */
static void nested_allocations_add_up(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct quota_group groups[GROUPS_MAX * 4];
    uint64_t unfilled = 0;
    struct error err;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const size_t n_top = 1 + rng_below(&rng, GROUPS_MAX);
        const size_t n = n_top * 4;
        uint64_t taken = 0, inside[GROUPS_MAX] = { 0 };

        for (size_t i = 0; i < n; i++)
            groups[i] =
                (struct quota_group){ .name = "g",
                                      .weight = (double)(1 + rng_below(&rng, 5)),
                                      .have = rng_below(&rng, 100),
                                      .max = QUOTA_NO_MAX,
                                      .parent = i < n_top ? QUOTA_NO_PARENT
                                                          : (uint32_t)rng_below(&rng, n_top) };
        assert_ok(quota_allocate(groups, n, 500, &unfilled, &err));
        for (size_t i = 0; i < n; i++)
            if (i < n_top)
                taken += groups[i].take;
            else
                inside[groups[i].parent] += groups[i].take;
        assert_int_equal(taken + unfilled, 500);
        for (size_t i = n_top; i < n; i++)
            assert_int_equal(inside[groups[i].parent], groups[groups[i].parent].take);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(water_filling_matches_its_definition),
        cmocka_unit_test(shares_sum_to_the_total_and_are_less_than_one_off),
        cmocka_unit_test(allocations_keep_every_bound_and_lose_nothing),
        cmocka_unit_test(nested_allocations_add_up),
    };

    return cmocka_run_group_tests_name("props/quota", tests, NULL, NULL);
}
