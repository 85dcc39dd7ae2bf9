/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

/* x is max plus an argument of exp. Their difference is rounded to float, as kernels.h
 * defines. */
static void check_exp(const struct kernels *kernels, float x, float max, float got)
{
    const float difference = x - max;
    const double want = exp((double)difference);
    const double slack = want < 1e-37 ? 1e-37 : 0;

    if (!(got >= 0 && fabs((double)got - want) <= 2e-7 * want + slack))
        fail_msg("%s: exp(%.9g) is %.9g, not %.9g", kernels->name, (double)difference,
                 (double)got, want);
}

static void check_sum(const struct kernels *kernels, const float *x, size_t n, double got)
{
    double sum = 0;
    double magnitude = 0;

    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i];
        magnitude += fabs((double)x[i]);
    }
    /* Each of the two sums is rounded at most n times. */
    if (!(fabs(got - sum) <= 2 * (double)n * DBL_EPSILON * magnitude))
        fail_msg("%s n=%zu: the sum is %.17g, not %.17g", kernels->name, n, got, sum);
}

static void exp_sum_is_within_the_bound_at_every_length(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    struct rng rng = rng_from_env("CURATE_SEED");
    float before[LEN_MAX];
    struct guard g;

    guard_open(&g, LEN_MAX * sizeof(float));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        const float max = 10 * rng_normal_f32(&rng);

        for (size_t i = 0; i < n; i++)
            before[i] = max - (float)(100 * rng_unit(&rng) * rng_unit(&rng));
        for (size_t b = 0; b < 2; b++) {
            float *x = guard_tail(&g, n * sizeof *x);
            memcpy(x, before, n * sizeof *x);
            const double sum = both[b]->exp_sum(x, n, max);
            for (size_t i = 0; i < n; i++)
                check_exp(both[b], before[i], max, x[i]);
            check_sum(both[b], x, n, sum);
            assert_true(guard_intact(&g));
        }
    }
    guard_close(&g);
}

static void exp_sum_is_within_the_bound_over_its_range(void **state)
{
    const struct family *f = *state;
    float x[16];

    for (float from = 0; from > -120; from -= 0x1p-7f) {
        for (size_t i = 0; i < 16; i++)
            x[i] = from - (float)i * 0x1p-11f;
        f->fast.exp_sum(x, 16, 0);
        for (size_t i = 0; i < 16; i++)
            check_exp(&f->fast, from - (float)i * 0x1p-11f, 0, x[i]);
    }
}

static void exp_sum_of_special_values_is_exact(void **state)
{
    const struct family *f = *state;
    float x[] = { 2, -INFINITY, -1e30f, 2, -FLT_MAX };

    const double sum = f->fast.exp_sum(x, 5, 2);

    assert_true(sum == 2);
    assert_true(x[0] == 1 && x[1] == 0 && x[2] == 0 && x[3] == 1 && x[4] == 0);
}

static void exp_sum_of_a_nan_is_nan(void **state)
{
    const struct family *f = *state;
    float x[] = { 1, NAN, 0 };

    assert_true(isnan(f->fast.exp_sum(x, 3, 1)));
    assert_true(isnan(x[1]));
}

static void exp_has_the_same_bits_at_any_place(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    float before[67];
    float x[67];

    for (size_t i = 0; i < 67; i++)
        before[i] = x[i] = -(float)(100 * rng_unit(&rng));
    f->fast.exp_sum(x, 67, 0.5f);
    for (size_t i = 0; i < 67; i++) {
        float alone = before[i];
        f->fast.exp_sum(&alone, 1, 0.5f);
        assert_true(same_bits(alone, x[i]));
    }
}

static void sums_of_every_length_are_accurate_to_double_precision(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard g;

    guard_open(&g, LEN_MAX * sizeof(float));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        float *x = guard_tail(&g, n * sizeof *x);
        rng_fill_normal(&rng, x, n);
        check_sum(&f->ref, x, n, f->ref.sum_f32(x, n));
        check_sum(&f->fast, x, n, f->fast.sum_f32(x, n));
    }
    guard_close(&g);
}

static void the_maximum_is_found_at_any_place(void **state)
{
    const struct family *f = *state;
    struct guard g;

    guard_open(&g, LEN_MAX * sizeof(float));
    for (size_t n = 1; n <= 140; n++) {
        float *x = guard_tail(&g, n * sizeof *x);
        for (size_t i = 0; i < n; i++)
            x[i] = i % 3 ? -FLT_MAX : -INFINITY;
        for (size_t i = 0; i < n; i++) {
            const float old = x[i];
            x[i] = -1e-30f;
            assert_true(f->fast.max_f32(x, n) == -1e-30f);
            x[i] = old;
        }
        assert_true(f->fast.max_f32(x, n) == (n > 1 ? -FLT_MAX : -INFINITY));
    }
    guard_close(&g);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(exp_sum_is_within_the_bound_at_every_length, &f),
        cmocka_unit_test_prestate(exp_sum_is_within_the_bound_over_its_range, &f),
        cmocka_unit_test_prestate(exp_sum_of_special_values_is_exact, &f),
        cmocka_unit_test_prestate(exp_sum_of_a_nan_is_nan, &f),
        cmocka_unit_test_prestate(exp_has_the_same_bits_at_any_place, &f),
        cmocka_unit_test_prestate(sums_of_every_length_are_accurate_to_double_precision, &f),
        cmocka_unit_test_prestate(the_maximum_is_found_at_any_place, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/softmax", tests, NULL, NULL);
}
