/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "base/buf.h"
#include "scoring/selection/quota.h"

static void shares_are_rounded_by_the_largest_remainder(void **state)
{
    const double weights[] = { 5, 3, 3 };
    uint64_t out[3];
    struct error err;

    (void)state;
    assert_ok(quota_share(10, weights, 3, out, &err));
    assert_int_equal(out[0], 4);
    assert_int_equal(out[1], 3);
    assert_int_equal(out[2], 3);
}

static void equal_remainders_go_to_the_first_groups(void **state)
{
    const double weights[] = { 1, 1, 1 };
    uint64_t out[3];
    struct error err;

    (void)state;
    assert_ok(quota_share(5, weights, 3, out, &err));
    assert_int_equal(out[0], 2);
    assert_int_equal(out[1], 2);
    assert_int_equal(out[2], 1);
    assert_fails(quota_share(5, weights, 0, out, &err), ERR_INPUT, "no group");
}

static void a_full_group_leaves_its_rest_to_the_others_by_weight(void **state)
{
    const double weights[] = { .5, .3, .2 }, caps[] = { 20, 100, 100 },
                 small[] = { 20, 30, 30 };
    double out[3], left;
    struct error err;

    (void)state;
    assert_ok(quota_fill(100, weights, NULL, caps, 3, out, &left, &err));
    assert_true(fabs(out[0] - 20) < 1e-9 && fabs(out[1] - 48) < 1e-9 &&
                fabs(out[2] - 32) < 1e-9 && left == 0);
    assert_ok(quota_fill(100, weights, NULL, small, 3, out, &left, &err));
    assert_true(fabs(out[0] - 20) < 1e-9 && fabs(out[1] - 30) < 1e-9 &&
                fabs(out[2] - 30) < 1e-9 && fabs(left - 20) < 1e-9);
}

static struct quota_group group_of(const char *name, double weight, uint64_t have,
                                   uint32_t parent)
{
    return (struct quota_group){
        .name = name, .weight = weight, .have = have, .max = QUOTA_NO_MAX, .parent = parent
    };
}

static void groups_that_are_too_small_are_reported_in_a_table(void **state)
{
    struct quota_group groups[] = { group_of("en", .5, 20, QUOTA_NO_PARENT),
                                    group_of("zh", .3, 30, QUOTA_NO_PARENT),
                                    group_of("others", .2, 30, QUOTA_NO_PARENT) };
    uint64_t unfilled = 0;
    struct error err;
    struct buf table;

    (void)state;
    assert_ok(quota_allocate(groups, 3, 100, &unfilled, &err));
    assert_int_equal(unfilled, 20);
    assert_false(quota_is_met(groups, 3, 100));
    buf_init(&table, 4096);
    assert_ok(quota_print(groups, 3, &table, &err));
    assert_string_equal(table.data,
                        "group          asked           had         taken       missing\n"
                        "en                50            20            20            30\n"
                        "zh                30            30            30             0\n"
                        "others            20            30            30             0\n");
    buf_release(&table);
}

static void minima_and_maxima_bound_the_share_of_a_group(void **state)
{
    struct quota_group groups[] = { group_of("a", 1, 500, QUOTA_NO_PARENT),
                                    group_of("b", 1, 500, QUOTA_NO_PARENT),
                                    group_of("c", 2, 500, QUOTA_NO_PARENT),
                                    group_of("d", 0, 500, QUOTA_NO_PARENT) };
    uint64_t unfilled = 0;
    struct error err;

    (void)state;
    groups[0].max = 10;
    groups[1].min = 60;
    groups[3].min = 5;
    assert_ok(quota_allocate(groups, 4, 100, &unfilled, &err));
    assert_int_equal(groups[0].take, 10);
    assert_int_equal(groups[1].take, 60);
    assert_int_equal(groups[2].take, 25);
    assert_int_equal(groups[3].take, 5);
    assert_true(unfilled == 0 && quota_is_met(groups, 4, 100));

    groups[0].min = 11;
    assert_fails(quota_allocate(groups, 4, 100, &unfilled, &err), ERR_INPUT, "a: the minimum");
    groups[0].min = 0;
    groups[1].min = 99;
    assert_fails(quota_allocate(groups, 4, 100, &unfilled, &err), ERR_INPUT, "sum to 104");
}

static void a_minimum_above_what_a_group_has_takes_all_of_it(void **state)
{
    struct quota_group groups[] = { group_of("a", 1, 3, QUOTA_NO_PARENT),
                                    group_of("b", 1, 500, QUOTA_NO_PARENT) };
    uint64_t unfilled = 9;
    struct error err;

    (void)state;
    groups[0].min = 20;
    assert_ok(quota_allocate(groups, 2, 100, &unfilled, &err));
    assert_int_equal(groups[0].take, 3);
    assert_int_equal(groups[1].take, 97);
    assert_int_equal(unfilled, 0);
    assert_false(quota_is_met(groups, 2, 100));
}

static void nested_quotas_divide_what_the_outer_group_takes(void **state)
{
    struct quota_group groups[] = {
        group_of("web", .5, 0, QUOTA_NO_PARENT),
        group_of("books", .5, 0, QUOTA_NO_PARENT),
        group_of("en", .8, 100, 0),
        group_of("zh", .2, 100, 0),
        group_of("en", 1, 10, 1),
        group_of("zh", 1, 20, 1),
    };
    uint64_t unfilled = 0;
    struct error err;

    (void)state;
    assert_ok(quota_allocate(groups, 6, 100, &unfilled, &err));
    assert_int_equal(groups[0].have, 200);
    assert_int_equal(groups[0].take, 70); /* books have only 30 */
    assert_int_equal(groups[1].take, 30);
    assert_int_equal(groups[2].take, 56);
    assert_int_equal(groups[3].take, 14);
    assert_int_equal(groups[4].take, 10);
    assert_int_equal(groups[5].take, 20);
    assert_int_equal(groups[2].asked, 40);
    assert_int_equal(unfilled, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_rounded_by_the_largest_remainder),
        cmocka_unit_test(equal_remainders_go_to_the_first_groups),
        cmocka_unit_test(a_full_group_leaves_its_rest_to_the_others_by_weight),
        cmocka_unit_test(groups_that_are_too_small_are_reported_in_a_table),
        cmocka_unit_test(minima_and_maxima_bound_the_share_of_a_group),
        cmocka_unit_test(a_minimum_above_what_a_group_has_takes_all_of_it),
        cmocka_unit_test(nested_quotas_divide_what_the_outer_group_takes),
    };

    return cmocka_run_group_tests_name("scoring/selection/quota", tests, NULL, NULL);
}
