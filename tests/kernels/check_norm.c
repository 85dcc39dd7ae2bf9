/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

static void check_rms_norm(const struct kernels *kernels, const float *x, const float *weight,
                           size_t n, float epsilon, float *out)
{
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    const double root = sqrt(squares / (double)n + (double)epsilon);
    kernels->rms_norm(x, weight, n, epsilon, out);
    for (size_t i = 0; i < n; i++) {
        const double want = (double)x[i] / root * (double)weight[i];
        const double bound = 2 * (double)FLT_EPSILON * fabs(want);
        if (!(fabs((double)out[i] - want) <= bound))
            fail_msg("%s n=%zu: element %zu is %.9g, not %.9g", kernels->name, n, i,
                     (double)out[i], want);
    }
}

static void check_layer_norm(const struct kernels *kernels, const float *x, const float *weight,
                             const float *bias, size_t n, float *out)
{
    double sum = 0;
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += pow((double)x[i] - mean, 2);
    const double root = sqrt(squares / (double)n + 1e-5);
    kernels->layer_norm(x, weight, bias, n, 1e-5f, out);
    for (size_t i = 0; i < n; i++) {
        const double unit = ((double)x[i] - mean) / root * (double)weight[i];
        const double shift = bias ? (double)bias[i] : 0;
        const double bound = 2 * (double)FLT_EPSILON * (fabs(unit) + fabs(shift));

        if (!(fabs((double)out[i] - (unit + shift)) <= bound))
            fail_msg("%s n=%zu: element %zu is %.9g, not %.9g", kernels->name, n, i,
                     (double)out[i], unit + shift);
    }
}

static void layer_norm_is_within_the_bound_with_and_without_bias(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    static float x[LEN_MAX], weight[LEN_MAX], bias[LEN_MAX], out[LEN_MAX];
    struct rng rng = rng_from_env("CURATE_SEED");

    for (size_t n = 1; n <= LEN_MAX; n = next_len(n)) {
        rng_fill_normal(&rng, x, n);
        rng_fill_normal(&rng, weight, n);
        rng_fill_normal(&rng, bias, n);
        for (size_t i = 0; i < n; i++)
            x[i] += 100; /* a mean far from zero must not matter */
        for (size_t b = 0; b < 2; b++) {
            check_layer_norm(both[b], x, weight, NULL, n, out);
            check_layer_norm(both[b], x, weight, bias, n, out);
        }
        f->fast.layer_norm(x, weight, bias, n, 1e-5f, x); /* in place: the same bits */
        assert_memory_equal(x, out, n * sizeof *x);
    }
}

static void rms_norm_of_every_length_is_within_the_bound(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard x_guard, weight_guard, out_guard;

    guard_open(&x_guard, LEN_MAX * sizeof(float));
    guard_open(&weight_guard, LEN_MAX * sizeof(float));
    guard_open(&out_guard, LEN_MAX * sizeof(float));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        float *x = guard_tail(&x_guard, n * sizeof *x);
        float *weight = guard_tail(&weight_guard, n * sizeof *weight);
        float *out = guard_tail(&out_guard, n * sizeof *out);

        rng_fill_normal(&rng, x, n);
        rng_fill_normal(&rng, weight, n);
        check_rms_norm(&f->ref, x, weight, n, 1e-5f, out);
        check_rms_norm(&f->fast, x, weight, n, 1e-5f, out);
        assert_true(guard_intact(&out_guard));

        f->fast.rms_norm(x, weight, n, 1e-5f, x); /* in place: the same bits */
        assert_memory_equal(x, out, n * sizeof *x);
    }
    guard_close(&x_guard);
    guard_close(&weight_guard);
    guard_close(&out_guard);
}

/* The squares of these values exceed the range of a float; their mean in double does not. */
static void rms_norm_of_very_large_and_small_rows_is_accurate(void **state)
{
    const struct family *f = *state;
    const float weight[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    const float sizes[] = { 3e38f, 1e30f, 1e-15f, 1e-30f };
    float x[9];
    float out[9];

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t i = 0; i < 9; i++)
            x[i] = sizes[s] / (float)(i + 1);
        check_rms_norm(&f->fast, x, weight, 9, 0, out);
    }
}

static void rms_norm_of_zeros_is_zero(void **state)
{
    const struct family *f = *state;
    const float x[11] = { 0 };
    const float weight[11] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    float out[11];

    f->fast.rms_norm(x, weight, 11, 1e-6f, out);

    assert_memory_equal(out, x, sizeof x);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(rms_norm_of_every_length_is_within_the_bound, &f),
        cmocka_unit_test_prestate(rms_norm_of_very_large_and_small_rows_is_accurate, &f),
        cmocka_unit_test_prestate(layer_norm_is_within_the_bound_with_and_without_bias, &f),
        cmocka_unit_test_prestate(rms_norm_of_zeros_is_zero, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/norm", tests, NULL, NULL);
}
