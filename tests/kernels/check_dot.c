/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

static void dot_products_have_the_bits_of_the_reference(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard x_guard, y_guard;

    guard_open(&x_guard, LEN_MAX * sizeof(float));
    guard_open(&y_guard, LEN_MAX * sizeof(float));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        float *x = guard_tail(&x_guard, n * sizeof *x);
        float *y = guard_tail(&y_guard, n * sizeof *y);
        double exact = 0, magnitude = 0;

        rng_fill_normal(&rng, x, n);
        rng_fill_normal(&rng, y, n);
        for (size_t l = 0; l < n; l++) {
            exact += (double)x[l] * (double)y[l];
            magnitude += fabs((double)x[l] * (double)y[l]);
        }
        const double had = f->fast.dot_f32(x, y, n);
        const double reference = f->ref.dot_f32(x, y, n);
        assert_memory_equal(&had, &reference, sizeof had);
        assert_true(fabs(had - exact) <= 2 * (double)(n + 1) * DBL_EPSILON * magnitude);
    }
    guard_close(&x_guard);
    guard_close(&y_guard);
}

/* Rows end where memory ends: nothing is read past them. */
enum { ROWS = 9, COLUMNS = 7, WIDTH_MAX = 40, BETWEEN = COLUMNS + 2 };

static void tiles_of_products_have_the_bits_of_single_products(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard x_guard, y_guard;
    const float *x[ROWS], *y[COLUMNS];

    guard_open(&x_guard, ROWS * WIDTH_MAX * sizeof(float));
    guard_open(&y_guard, COLUMNS * WIDTH_MAX * sizeof(float));
    for (size_t k = 0; k <= WIDTH_MAX; k++) {
        const size_t m = rng_below(&rng, ROWS + 1), n = rng_below(&rng, COLUMNS + 1);
        float *x_rows = guard_tail(&x_guard, m * k * sizeof *x_rows);
        float *y_rows = guard_tail(&y_guard, n * k * sizeof *y_rows);
        double out[ROWS * BETWEEN];

        rng_fill_normal(&rng, x_rows, m * k);
        rng_fill_normal(&rng, y_rows, n * k);
        for (size_t i = 0; i < m; i++)
            x[i] = x_rows + (m - 1 - i) * k;
        for (size_t j = 0; j < n; j++)
            y[j] = y_rows + j * k;
        for (size_t i = 0; i < ROWS * BETWEEN; i++)
            out[i] = -1;
        f->fast.dots_f32(x, m, y, n, k, out, BETWEEN);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < BETWEEN; j++) {
                const double want = i < m && j < n ? f->ref.dot_f32(x[i], y[j], k) : -1;

                assert_memory_equal(&out[i * BETWEEN + j], &want, sizeof want);
            }
    }
    guard_close(&x_guard);
    guard_close(&y_guard);
}

static void sums_above_limits_are_close_to_the_reference(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard guards[3];
    float *rows[3];

    for (size_t g = 0; g < 3; g++)
        guard_open(&guards[g], LEN_MAX * sizeof(float));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        double exact = 0;

        for (size_t g = 0; g < 3; g++) {
            rows[g] = guard_tail(&guards[g], n * sizeof(float));
            rng_fill_normal(&rng, rows[g], n);
        }
        for (size_t i = 0; i < n; i++) {
            if (rows[1][i] > rows[2][i])
                rows[2][i] = rows[1][i];
            exact += fmin(fmax((double)rows[0][i], (double)rows[1][i]), (double)rows[2][i]) -
                     (double)rows[1][i];
        }
        const double bound = (double)(n + 1) * (double)FLT_EPSILON * exact;
        assert_true(fabs((double)f->fast.sum_above(rows[0], rows[1], rows[2], n) - exact) <=
                    bound);
        assert_true(fabs((double)f->ref.sum_above(rows[0], rows[1], rows[2], n) - exact) <=
                    bound);
    }
    for (size_t g = 0; g < 3; g++)
        guard_close(&guards[g]);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(dot_products_have_the_bits_of_the_reference, &f),
        cmocka_unit_test_prestate(tiles_of_products_have_the_bits_of_single_products, &f),
        cmocka_unit_test_prestate(sums_above_limits_are_close_to_the_reference, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/dot", tests, NULL, NULL);
}
