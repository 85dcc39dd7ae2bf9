/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "scoring/skill_it.h"

static const double graph[] = { 1, .5, 0, 0, 1, .5, 0, 0, 1 };

static void assert_shares(const struct skill_it *step, const double *want)
{
    double out[3], sum = 0;
    struct error err;

    assert_ok(skill_it_mixture(step, out, &err));
    for (size_t i = 0; i < step->n_skills; i++) {
        if (!(fabs(out[i] - want[i]) <= 5e-8))
            fail_msg("share %zu is %.9g, not %.9g", i, out[i], want[i]);
        sum += out[i];
    }
    assert_true(fabs(sum - 1) < 1e-12);
}

static void skill_it_matches_worked_example_seven(void **state)
{
    const double losses[] = { 2, 3, 4 };
    const double want[] = { .2272198, .4810243, .2917560 };
    const struct skill_it step = {
        .n_skills = 3, .n_targets = 3, .graph = graph, .losses = losses, .eta = .5
    };

    (void)state;
    assert_shares(&step, want);
}

static void skill_it_begins_with_the_most_helpful_skills(void **state)
{
    const double losses[] = { 1, 1, 1 };
    const double total = 2 * exp(.75) + exp(.5);
    const double want[] = { exp(.75) / total, exp(.75) / total, exp(.5) / total };
    const struct skill_it step = {
        .n_skills = 3, .n_targets = 3, .graph = graph, .losses = losses, .eta = .5
    };

    (void)state;
    assert_shares(&step, want);
}

static void a_floor_gives_every_skill_some_weight(void **state)
{
    const double losses[] = { 0, 0, 1e6 };
    const double want[] = { .1, .1, .8 };
    const struct skill_it step = {
        .n_skills = 3, .n_targets = 3, .graph = graph, .losses = losses, .eta = 1, .floor = .1
    };

    (void)state;
    assert_shares(&step, want);
}

static void skill_it_targets_need_not_be_skills(void **state)
{
    const double two[] = { 1, 0, 0, 1, 0, 0 };
    const double losses[] = { log(2), log(6) };
    const double want[] = { 2.0 / 9, 6.0 / 9, 1.0 / 9 };
    const struct skill_it step = {
        .n_skills = 3, .n_targets = 2, .graph = two, .losses = losses, .eta = 1
    };

    (void)state;
    assert_shares(&step, want);
}

static void skill_it_refuses_weights_that_overflow(void **state)
{
    const double losses[] = { 1e308, 1e308, 1 };
    const struct skill_it step = {
        .n_skills = 3, .n_targets = 3, .graph = graph, .losses = losses, .eta = 10
    };
    double out[3];
    struct error err;

    (void)state;
    assert_fails(skill_it_mixture(&step, out, &err), ERR_INPUT, "skill 1: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skill_it_matches_worked_example_seven),
        cmocka_unit_test(skill_it_begins_with_the_most_helpful_skills),
        cmocka_unit_test(a_floor_gives_every_skill_some_weight),
        cmocka_unit_test(skill_it_targets_need_not_be_skills),
        cmocka_unit_test(skill_it_refuses_weights_that_overflow),
    };

    return cmocka_run_group_tests_name("scoring/skill_it", tests, NULL, NULL);
}
