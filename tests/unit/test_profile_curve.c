/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "store/profile_curve.h"
#include "tests/support/rng.h"

enum { VALUES_MAX = 150, PERCENTS = 101, GIVEN = 5 };

struct fixture {
    double values[VALUES_MAX];
    uint64_t weights[VALUES_MAX];
    size_t n;
    struct curve_point quantiles[PERCENTS], given[GIVEN];
    struct curve curve;
};

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void fill(struct fixture *f)
{
    struct curve_count total = { .samples = f->n };

    for (size_t i = 0; i < f->n; i++)
        total.weight += f->weights[i];
    f->curve = (struct curve){
        .quantiles = f->quantiles, .n_quantiles = PERCENTS, .given = f->given, .n_given = GIVEN
    };
    curve_begin(&f->curve, total);
    for (size_t i = 0; i < f->n; i++)
        curve_add(&f->curve, f->values[i], f->weights[i]);
    curve_end(&f->curve);
}

/* Count what a threshold keeps, value by value. */
static void check_point(const struct fixture *f, const struct curve_point *point)
{
    struct curve_count least = { 0 }, most = { 0 };

    for (size_t i = 0; i < f->n; i++) {
        if (f->values[i] >= point->threshold) {
            least.samples++;
            least.weight += f->weights[i];
        }
        if (f->values[i] <= point->threshold) {
            most.samples++;
            most.weight += f->weights[i];
        }
    }
    assert_int_equal(point->least.samples, least.samples);
    assert_int_equal(point->least.weight, least.weight);
    assert_int_equal(point->most.samples, most.samples);
    assert_int_equal(point->most.weight, most.weight);
}

static void every_point_keeps_what_a_count_over_all_values_keeps(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct fixture f;

    (void)state;
    for (int round = 0; round < 300; round++) {
        const size_t distinct = 1 + rng_below(&rng, 40);

        f.n = 1 + rng_below(&rng, VALUES_MAX);
        for (size_t i = 0; i < f.n; i++) {
            f.values[i] = (double)rng_below(&rng, distinct) / 4 - 3;
            f.weights[i] = rng_below(&rng, 1000);
        }
        qsort(f.values, f.n, sizeof *f.values, compare_doubles);
        for (size_t i = 0; i < GIVEN; i++)
            f.given[i].threshold = (double)rng_below(&rng, 60) / 4 - 5;
        qsort(f.given, GIVEN, sizeof *f.given, compare_doubles); /* the first member */
        fill(&f);
        for (size_t p = 0; p < PERCENTS; p++) {
            const size_t rank = (p * f.n + 99) / 100;

            assert_true(f.quantiles[p].threshold == f.values[rank > 0 ? rank - 1 : 0]);
            check_point(&f, &f.quantiles[p]);
        }
        for (size_t i = 0; i < GIVEN; i++)
            check_point(&f, &f.given[i]);
    }
}

static void a_curve_without_values_has_no_quantiles_and_keeps_nothing(void **state)
{
    struct fixture f = { .n = 0 };

    (void)state;
    fill(&f);
    for (size_t p = 0; p < PERCENTS; p++)
        assert_true(isnan(f.quantiles[p].threshold));
    for (size_t i = 0; i < GIVEN; i++)
        assert_int_equal(f.given[i].least.samples + f.given[i].most.samples, 0);
}

static void a_curve_can_be_used_for_a_second_group(void **state)
{
    struct fixture f = { .n = 3, .values = { 1, 2, 3 }, .weights = { 5, 6, 7 } };

    (void)state;
    f.given[GIVEN - 1].threshold = 2;
    fill(&f);
    assert_int_equal(f.given[GIVEN - 1].least.weight, 13);
    f.n = 1;
    curve_begin(&f.curve, (struct curve_count){ 1, 9 });
    curve_add(&f.curve, 7, 9);
    curve_end(&f.curve);
    assert_true(f.quantiles[50].threshold == 7);
    assert_int_equal(f.given[GIVEN - 1].least.samples, 1);
    assert_int_equal(f.given[GIVEN - 1].most.samples, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_keeps_what_a_count_over_all_values_keeps),
        cmocka_unit_test(a_curve_without_values_has_no_quantiles_and_keeps_nothing),
        cmocka_unit_test(a_curve_can_be_used_for_a_second_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
