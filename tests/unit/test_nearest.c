/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/threads/pool.h"
#include "scoring/infer/nearest.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/rng.h"

enum { N = 300, WIDTH = 24 };

static void fill(float *vectors)
{
    struct rng rng = rng_from_seed(7);

    for (size_t i = 0; i < (size_t)N * WIDTH; i++)
        vectors[i] = rng_normal_f32(&rng);
    /* Some vectors differ from another one in length only. */
    for (size_t c = 0; c < WIDTH; c++) {
        vectors[3 * WIDTH + c] = vectors[c];
        vectors[200 * WIDTH + c] = 2 * vectors[c];
    }
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Computed directly from the definition. */
static double distance_of(const float *vectors, size_t v, size_t nth)
{
    double all[N], length[2];
    size_t n = 0;

    for (size_t w = 0; w < N; w++) {
        double squares = 0;

        if (w == v)
            continue;
        for (int side = 0; side < 2; side++) {
            const float *x = vectors + (side ? w : v) * WIDTH;

            length[side] = 0;
            for (size_t c = 0; c < WIDTH; c++)
                length[side] += (double)x[c] * (double)x[c];
        }
        for (size_t c = 0; c < WIDTH; c++)
            squares += pow((double)vectors[v * WIDTH + c] / sqrt(length[0]) -
                               (double)vectors[w * WIDTH + c] / sqrt(length[1]),
                           2);
        all[n++] = sqrt(squares);
    }
    qsort(all, n, sizeof *all, compare);
    return all[nth - 1];
}

static void find(size_t n_threads, size_t nth, double *out)
{
    float *vectors = test_calloc((size_t)N * WIDTH, sizeof *vectors);
    struct kernels kernels;
    struct pool *pool = NULL;
    struct error err;

    fill(vectors);
    kernels_init(&kernels, cpu_detect());
    assert_ok(pool_new(n_threads, &pool, &err));
    assert_ok(nearest_distances(vectors, N, WIDTH, nth, &kernels, pool, out, &err));
    pool_free(pool);
    test_free(vectors);
}

static void nearest_distances_match_the_definition(void **state)
{
    float *vectors = test_calloc((size_t)N * WIDTH, sizeof *vectors);
    const size_t nths[] = { 1, 2, 6, N - 1 };
    double out[N];

    (void)state;
    fill(vectors);
    for (size_t k = 0; k < 4; k++) {
        find(2, nths[k], out);
        for (size_t v = 0; v < N; v++)
            if (!(fabs(out[v] - distance_of(vectors, v, nths[k])) <= 2e-7))
                fail_msg("vector %zu, neighbour %zu: %.9g, not %.9g", v, nths[k], out[v],
                         distance_of(vectors, v, nths[k]));
    }
    test_free(vectors);
}

static void vectors_that_differ_in_length_only_have_distance_zero(void **state)
{
    double out[N];

    (void)state;
    find(1, 2, out);
    assert_true(out[0] < 1e-7);
    assert_true(out[3] < 1e-7);
    assert_true(out[200] < 1e-7);
    assert_true(out[1] > 0.1);
}

static void threads_change_no_bit_of_nearest_distances(void **state)
{
    double one[N], five[N];

    (void)state;
    find(1, 6, one);
    find(5, 6, five);
    assert_memory_equal(one, five, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_distances_match_the_definition),
        cmocka_unit_test(vectors_that_differ_in_length_only_have_distance_zero),
        cmocka_unit_test(threads_change_no_bit_of_nearest_distances),
    };

    return cmocka_run_group_tests_name("scoring/nearest", tests, NULL, NULL);
}
