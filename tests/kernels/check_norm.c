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

static void every_length_is_within_the_bound(void **state)
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

/* The squares of these leave the range of a float, their mean in double does not. */
static void large_and_small_rows_keep_their_shape(void **state)
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

static void a_row_of_zeros_stays_zero(void **state)
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
        cmocka_unit_test_prestate(every_length_is_within_the_bound, &f),
        cmocka_unit_test_prestate(large_and_small_rows_keep_their_shape, &f),
        cmocka_unit_test_prestate(a_row_of_zeros_stays_zero, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/norm", tests, NULL, NULL);
}
