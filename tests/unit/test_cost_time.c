/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/threads/pool.h"
#include "stages/score/cost.h"

/* Probes of one thread: 1,000 tokens in a second of processor time, which take so long. */
static void probe(struct cost_probe *probes, size_t n, double secs)
{
    for (size_t i = 0; i < n; i++)
        probes[i] = (struct cost_probe){ .tokens = 1000, .secs = secs, .cpu_secs = 1 };
}

static void assert_about(double got, double want)
{
    if (got < 0.999 * want || got > 1.001 * want)
        fail_msg("%g is not %g", got, want);
}

static void seconds_are_those_of_the_probes_and_idle_seconds_are_processor_time(void **state)
{
    struct time_cost cost = { .start_secs = 2 };
    struct cost_probe probes[5];
    double low, high;

    (void)state;
    probe(probes, 5, 3);
    time_cost_add(&cost, probes, 5, 100000, 1);
    time_cost_interval(&cost, 1, NULL, 0, &low, &high);
    assert_about(cost.secs, 300);
    assert_about(cost.idle_secs, 100);
    assert_true(low < 302 && 302 < high);
    assert_true(cost.start_secs < low && high < 2 * 302);
}

static void load_averages_widen_the_interval_to_both_sides(void **state)
{
    const double n_cpus = (double)pool_cpu_count();
    const double quiet[] = { 0, 0 }, busy[] = { 4 * n_cpus, 0 };
    struct time_cost cost = { 0 };
    struct cost_probe probes[5];
    double low, high, quiet_low, busy_high;

    (void)state;
    probe(probes, 5, 3);
    time_cost_add(&cost, probes, 5, 100000, 1);
    time_cost_interval(&cost, 1, NULL, 0, &low, &high);
    time_cost_interval(&cost, 1, quiet, 2, &quiet_low, &busy_high);
    assert_true(quiet_low < low && quiet_low <= 100); /* it was quiet, and may be again */
    assert_about(busy_high, high);
    time_cost_interval(&cost, 1, busy, 2, &quiet_low, &busy_high);
    assert_true(busy_high > high);
    assert_true(busy_high >= 4 * 100); /* as four others on each processor make it */
}

static void probes_that_differ_widen_the_interval(void **state)
{
    struct time_cost alike = { 0 }, unlike = { 0 };
    struct cost_probe probes[5];
    double low, high, wide_low, wide_high;

    (void)state;
    probe(probes, 5, 1);
    time_cost_add(&alike, probes, 5, 100000, 1);
    probes[0].cpu_secs = 0.2;
    probes[1].cpu_secs = 1.8;
    time_cost_add(&unlike, probes, 5, 100000, 1);
    time_cost_interval(&alike, 1, NULL, 0, &low, &high);
    time_cost_interval(&unlike, 1, NULL, 0, &wide_low, &wide_high);
    assert_about(unlike.secs, alike.secs);
    assert_true(wide_low < low && high < wide_high && wide_low >= 0);
}

/* Other processes take time from a probe, but that says nothing about the batches. */
static void probes_that_only_waited_longer_are_alike(void **state)
{
    struct time_cost cost = { 0 };
    struct cost_probe probes[5];

    (void)state;
    probe(probes, 5, 1);
    probes[0].secs = 9;
    time_cost_add(&cost, probes, 5, 100000, 1);
    assert_true(cost.half_width_squared == 0);
    assert_about(cost.idle_secs, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_are_those_of_the_probes_and_idle_seconds_are_processor_time),
        cmocka_unit_test(load_averages_widen_the_interval_to_both_sides),
        cmocka_unit_test(probes_that_differ_widen_the_interval),
        cmocka_unit_test(probes_that_only_waited_longer_are_alike),
    };

    return cmocka_run_group_tests_name("stages/score/cost_time", tests, NULL, NULL);
}
