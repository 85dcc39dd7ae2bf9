/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/threads/pool.h"
#include "scoring/duplicates/products.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/rng.h"

enum { N = 301, WIDTH = 37, NO_LIMIT = N * N };

/* Vectors around a few centres, so that pairs of all similarities occur. */
struct vectors {
    float values[N][WIDTH];
    double squares[N];
    float nearest[N];
};

static bool make_unit(float *vector, const double *mean, size_t width, double *square)
{
    struct kernels kernels;

    kernels_init(&kernels, cpu_detect());
    return vector_unit(vector, mean, width, &kernels, square);
}

static struct vectors *make_vectors(void)
{
    struct vectors *v = test_calloc(1, sizeof *v);
    struct rng rng = rng_from_seed(5);

    for (size_t i = 0; i < N; i++) {
        const size_t centre = rng_below(&rng, i / 4 + 1);
        const float noise = (float)pow(10, -3 * rng_unit(&rng));

        for (size_t l = 0; l < WIDTH; l++)
            v->values[i][l] = i < 20 ? rng_normal_f32(&rng)
                                     : v->values[centre][l] + noise * rng_normal_f32(&rng);
    }
    memcpy(v->values[200], v->values[17], sizeof v->values[17]);
    for (size_t i = 0; i < N; i++)
        assert_true(make_unit(v->values[i], NULL, WIDTH, &v->squares[i]));
    return v;
}

static double cosine_of(const struct vectors *v, size_t a, size_t b)
{
    double product = 0;

    for (size_t l = 0; l < WIDTH; l++)
        product += (double)v->values[a][l] * (double)v->values[b][l];
    return product / sqrt(v->squares[a] * v->squares[b]);
}

struct found {
    struct product_pair pairs[NO_LIMIT];
    size_t n;
};

static struct vector_block block_of(struct vectors *v, size_t first, size_t n)
{
    return (struct vector_block){ .vectors = v->values[first],
                                  .squares = v->squares + first,
                                  .n = n,
                                  .nearest = v->nearest + first };
}

static void add_found(struct found *found, const struct product_pair *pairs, size_t n,
                      size_t first_row, size_t first_column)
{
    for (size_t i = 0; i < n; i++) {
        found->pairs[found->n] = pairs[i];
        found->pairs[found->n].row += (uint32_t)first_row;
        found->pairs[found->n++].column += (uint32_t)first_column;
    }
}

static int compare_found(const void *left, const void *right)
{
    const struct product_pair *a = left;
    const struct product_pair *b = right;

    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

/* Find all pairs with kernels of these flags, in blocks of this many vectors. */
static struct found *find(struct vectors *v, unsigned cpu_flags, size_t n_threads, size_t block)
{
    struct found *found = test_calloc(1, sizeof *found);
    const struct product_pair *pairs = NULL;
    struct products *products = NULL;
    struct pool *pool = NULL;
    struct kernels kernels;
    struct error err;
    size_t n;

    kernels_init(&kernels, cpu_flags);
    assert_ok(pool_new(n_threads, &pool, &err));
    const struct product_options options = {
        .width = WIDTH, .least = 0.9, .max_pairs = NO_LIMIT, .kernels = &kernels, .pool = pool
    };
    assert_ok(products_new(&options, block, &products, &err));
    assert_true(products_bytes(&options, block) > n_threads * WIDTH * kernels.panel);
    for (size_t i = 0; i < N; i++)
        v->nearest[i] = PRODUCTS_NONE;
    for (size_t c = 0; c < N; c += block) {
        const struct vector_block columns = block_of(v, c, N - c < block ? N - c : block);

        for (size_t r = 0; r < c; r += block) {
            const struct vector_block rows = block_of(v, r, block);

            assert_ok(products_compare(products, &rows, &columns, &pairs, &n, &err));
            add_found(found, pairs, n, r, c);
        }
        assert_ok(products_compare(products, &columns, NULL, &pairs, &n, &err));
        add_found(found, pairs, n, c, c);
    }
    products_free(products);
    pool_free(pool);
    qsort(found->pairs, found->n, sizeof *found->pairs, compare_found);
    return found;
}

static void pairs_are_those_of_brute_force(void **state)
{
    struct vectors *v = make_vectors();
    struct found *found = find(v, cpu_detect(), 2, N);
    size_t at = 0, n_near = 0;

    (void)state;
    for (uint32_t a = 0; a < N; a++) {
        for (uint32_t b = a + 1; b < N; b++) {
            const double cosine = cosine_of(v, a, b);

            n_near += fabs(cosine - 0.9) < 0.01;
            if (cosine < 0.9)
                continue;
            assert_true(at < found->n);
            assert_int_equal(found->pairs[at].row, a);
            assert_int_equal(found->pairs[at].column, b);
            assert_true(fabs(found->pairs[at++].cosine - cosine) < 1e-14);
        }
    }
    assert_int_equal(at, found->n);
    assert_true(at > 500 && n_near > 20);
    test_free(found);
    test_free(v);
}

static void nearest_cosines_are_those_of_brute_force(void **state)
{
    struct vectors *v = make_vectors();
    struct found *found = find(v, cpu_detect(), 2, N);

    (void)state;
    for (size_t a = 0; a < N; a++) {
        double best = PRODUCTS_NONE;

        for (size_t b = 0; b < N; b++)
            if (b != a && cosine_of(v, a, b) > best)
                best = cosine_of(v, a, b);
        assert_true(fabs((double)v->nearest[a] - best) < (WIDTH + 4) * FLT_EPSILON);
        assert_true(v->nearest[a] <= 1);
    }
    test_free(found);
    test_free(v);
}

/* Compare with the result of one thread and one block. */
static void assert_same(struct vectors *v, const struct found *want, const float *nearest,
                        unsigned cpu_flags, size_t n_threads, size_t block)
{
    struct found *found = find(v, cpu_flags, n_threads, block);

    assert_int_equal(found->n, want->n);
    for (size_t i = 0; i < want->n; i++) {
        assert_int_equal(found->pairs[i].row, want->pairs[i].row);
        assert_int_equal(found->pairs[i].column, want->pairs[i].column);
        assert_true(found->pairs[i].cosine == want->pairs[i].cosine);
    }
    for (size_t i = 0; nearest && i < N; i++)
        assert_true(v->nearest[i] == nearest[i]);
    test_free(found);
}

static void threads_and_blocks_do_not_change_bits(void **state)
{
    static const size_t blocks[] = { 1, 7, 64, 100, 300, N };
    struct vectors *v = make_vectors();
    struct found *want = find(v, cpu_detect(), 1, N);
    float nearest[N];

    (void)state;
    memcpy(nearest, v->nearest, sizeof nearest);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        assert_same(v, want, nearest, cpu_detect(), 1 + i, blocks[i]);
    test_free(want);
    test_free(v);
}

static void families_of_kernels_do_not_change_bits(void **state)
{
    static const char *const names[] = { "ref", "avx2", "avx512", "avx512vnni" };
    struct vectors *v = make_vectors();
    struct found *want = find(v, cpu_detect(), 1, N);
    float nearest[N];
    unsigned flags;

    (void)state;
    memcpy(nearest, v->nearest, sizeof nearest);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(kernels_find_flags(names[i], &flags));
        if ((flags & ~cpu_detect()) == 0)
            /* Plain C does not fuse multiplications and additions. */
            assert_same(v, want, flags && cpu_detect() ? nearest : NULL, flags, 2, 100);
    }
    test_free(want);
    test_free(v);
}

static void equal_vectors_have_the_cosine_one(void **state)
{
    struct vectors *v = make_vectors();
    struct found *found = find(v, cpu_detect(), 1, N);
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < found->n; i++)
        if (found->pairs[i].row == 17 && found->pairs[i].column == 200)
            n += found->pairs[i].cosine == 1;
    assert_int_equal(n, 1);
    test_free(found);
    test_free(v);
}

static void too_many_pairs_are_counted_and_not_listed(void **state)
{
    struct vectors *v = make_vectors();
    struct found *found = find(v, cpu_detect(), 1, N);
    const struct product_pair *pairs = NULL;
    struct products *products = NULL;
    struct pool *pool = NULL;
    struct kernels kernels;
    struct error err;
    size_t n = 0;

    (void)state;
    kernels_init(&kernels, cpu_detect());
    assert_ok(pool_new(3, &pool, &err));
    for (size_t excess = 0; excess < 2; excess++) {
        const struct product_options options = { .width = WIDTH,
                                                 .least = 0.9,
                                                 .max_pairs = found->n - excess,
                                                 .kernels = &kernels,
                                                 .pool = pool };
        const struct vector_block rows = block_of(v, 0, N);

        assert_ok(products_new(&options, N, &products, &err));
        assert_ok(products_compare(products, &rows, NULL, &pairs, &n, &err));
        assert_int_equal(n, found->n);
        assert_int_equal(pairs == NULL, excess);
        products_free(products);
    }
    pool_free(pool);
    test_free(found);
    test_free(v);
}

static void a_vector_without_length_is_no_unit_vector(void **state)
{
    float zero[2] = { 0, 0 }, mean_only[2] = { 1, 2 }, huge[2] = { 3e38F, -2e38F },
          tiny[2] = { 3e-45F, 4e-45F };
    const double mean[2] = { 1, 2 };
    double square = -1;

    (void)state;
    assert_false(make_unit(zero, NULL, 2, &square));
    assert_false(make_unit(mean_only, mean, 2, &square));
    assert_true(square == -1 && mean_only[1] == 2);
    assert_true(make_unit(huge, NULL, 2, &square));
    assert_true(fabs(square - 1) < 1e-6 && huge[0] > 0.7F);
    assert_true(make_unit(tiny, NULL, 2, &square));
    assert_true(fabs(square - 1) < 1e-6);
    assert_true(make_unit(tiny, mean, 2, &square));
    assert_true(fabs((double)tiny[1] / (double)tiny[0]) > 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_those_of_brute_force),
        cmocka_unit_test(nearest_cosines_are_those_of_brute_force),
        cmocka_unit_test(threads_and_blocks_do_not_change_bits),
        cmocka_unit_test(families_of_kernels_do_not_change_bits),
        cmocka_unit_test(equal_vectors_have_the_cosine_one),
        cmocka_unit_test(too_many_pairs_are_counted_and_not_listed),
        cmocka_unit_test(a_vector_without_length_is_no_unit_vector),
    };

    return cmocka_run_group_tests_name("products", tests, NULL, NULL);
}
