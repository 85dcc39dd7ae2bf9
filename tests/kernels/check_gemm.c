/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

enum { M_MAX = 30, GAP_MAX = 5 };

/* One call with its operands, each of which ends at an unmapped page. */
struct call {
    struct guard a_guard, b_guard, out_guard;
    size_t m, n, k, lda, ldb, ldo;
    bool add;
    float *a, *b, *out;
    float
        before[M_MAX * (KERNELS_PANEL_MAX + GAP_MAX)]; /* the elements of out before the call */
    uint64_t seed;
};

static void call_open(struct call *c)
{
    const size_t ld_max = KERNELS_PANEL_MAX + GAP_MAX;

    guard_open(&c->a_guard, M_MAX * (LEN_MAX + GAP_MAX) * sizeof(float));
    guard_open(&c->b_guard, LEN_MAX * ld_max * sizeof(float));
    guard_open(&c->out_guard, M_MAX * ld_max * sizeof(float));
}

static void call_close(struct call *c)
{
    guard_close(&c->a_guard);
    guard_close(&c->b_guard);
    guard_close(&c->out_guard);
}

/* The number of floats from the first element of the first row to the last element of the
 * last. */
static size_t span(size_t rows, size_t columns, size_t ld)
{
    return rows && columns ? (rows - 1) * ld + columns : 0;
}

/* Draw the operands of a call of this size, with gaps after the rows. */
static void call_draw(struct call *c, struct rng *rng, size_t m, size_t n, size_t k)
{
    c->seed = rng->seed;
    c->m = m;
    c->n = n;
    c->k = k;
    c->lda = k + rng_below(rng, GAP_MAX);
    c->ldb = n + rng_below(rng, GAP_MAX);
    c->ldo = n + rng_below(rng, GAP_MAX);
    c->add = rng_below(rng, 2);
    c->a = guard_tail(&c->a_guard, span(m, k, c->lda) * sizeof(float));
    c->b = guard_tail(&c->b_guard, span(k, n, c->ldb) * sizeof(float));
    c->out = guard_tail(&c->out_guard, span(m, n, c->ldo) * sizeof(float));
    rng_fill_normal(rng, c->a, span(m, k, c->lda));
    rng_fill_normal(rng, c->b, span(k, n, c->ldb));
    if (c->add)
        for (size_t i = 0; i < m; i++)
            rng_fill_normal(rng, c->out + i * c->ldo, n);
    memcpy(c->before, c->out, span(m, n, c->ldo) * sizeof(float));
}

static void call_run(struct call *c, const struct kernels *kernels)
{
    memcpy(c->out, c->before, span(c->m, c->n, c->ldo) * sizeof(float));
    kernels->gemm_f32(c->m, c->n, c->k, c->a, c->lda, c->b, c->ldb, c->out, c->ldo, c->add);
}

static void check_element(const struct call *c, const char *who, size_t i, size_t j)
{
    double exact = c->add ? (double)c->before[i * c->ldo + j] : 0;
    double magnitude = fabs(exact);

    for (size_t l = 0; l < c->k; l++) {
        const double term = (double)c->a[i * c->lda + l] * (double)c->b[l * c->ldb + j];
        exact += term;
        magnitude += fabs(term);
    }
    const double off = fabs((double)c->out[i * c->ldo + j] - exact);
    const double bound = (double)(c->k + 1) * (double)FLT_EPSILON * magnitude;
    if (!(off <= bound))
        fail_msg("%s m=%zu n=%zu k=%zu add=%d seed=%llu: (%zu, %zu) is off by %g, bound %g",
                 who, c->m, c->n, c->k, c->add, (unsigned long long)c->seed, i, j, off, bound);
}

static void check_call(struct call *c, const struct kernels *kernels)
{
    call_run(c, kernels);
    for (size_t i = 0; i < c->m; i++) {
        for (size_t j = 0; j < c->n; j++)
            check_element(c, kernels->name, i, j);
        if (i + 1 < c->m && c->n)
            assert_true(all_poison(c->out + i * c->ldo + c->n, c->ldo - c->n));
    }
    assert_true(guard_intact(&c->out_guard));
}

static void products_of_every_row_and_column_count_are_within_the_bound(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct call c;

    call_open(&c);
    for (size_t m = 0; m <= M_MAX; m++)
        for (size_t n = 0; n <= f->fast.panel; n++) {
            call_draw(&c, &rng, m, n, rng_below(&rng, 20));
            check_call(&c, &f->fast);
        }
    call_close(&c);
}

static void products_of_every_depth_are_within_the_bound(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct call c;

    call_open(&c);
    for (size_t k = 0; k <= LEN_MAX; k = next_len(k)) {
        call_draw(&c, &rng, 1 + rng_below(&rng, M_MAX), 1 + rng_below(&rng, f->ref.panel), k);
        check_call(&c, &f->ref);
        check_call(&c, &f->fast);
        call_draw(&c, &rng, 1 + rng_below(&rng, M_MAX), f->fast.panel, k);
        c.ldb = f->fast.panel; /* a packed panel, which is split into blocks by other code */
        check_call(&c, &f->fast);
    }
    call_close(&c);
}

/* Compute the rectangle from (i, j) in a call of its own: it has the same bits as in c. */
static void check_rectangle(const struct call *c, const struct kernels *kernels, size_t i,
                            size_t j, size_t m, size_t n)
{
    float alone[M_MAX * KERNELS_PANEL_MAX];

    for (size_t r = 0; r < m; r++)
        memcpy(alone + r * n, c->before + (i + r) * c->ldo + j, n * sizeof *alone);
    kernels->gemm_f32(m, n, c->k, c->a + i * c->lda, c->lda, c->b + j, c->ldb, alone, n,
                      c->add);
    for (size_t r = 0; r < m; r++)
        assert_memory_equal(alone + r * n, c->out + (i + r) * c->ldo + j, n * sizeof *alone);
}

static void products_have_the_same_bits_in_any_call(void **state)
{
    const struct family *f = *state;
    const size_t panel = f->fast.panel;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct call c;

    call_open(&c);
    for (size_t k = 1; k <= LEN_MAX; k = 3 * k + 1) {
        call_draw(&c, &rng, M_MAX, panel, k);
        call_run(&c, &f->fast);
        for (size_t m = 1; m <= M_MAX; m++) {
            const size_t i = rng_below(&rng, M_MAX - m + 1);
            const size_t j = rng_below(&rng, panel);

            check_rectangle(&c, &f->fast, i, 0, m, panel);
            check_rectangle(&c, &f->fast, i, j, m, 1 + rng_below(&rng, panel - j));
        }
        for (size_t j = 0; j < panel; j++)
            check_rectangle(&c, &f->fast, rng_below(&rng, M_MAX), j, 1, 1);
    }
    call_close(&c);
}

static void packed_and_strided_panels_give_the_same_bits(void **state)
{
    const struct family *f = *state;
    const size_t panel = f->fast.panel;
    struct rng rng = rng_from_env("CURATE_SEED");
    float *packed = test_malloc(LEN_MAX * panel * sizeof *packed);
    float other[M_MAX * KERNELS_PANEL_MAX] = { 0 };
    struct call c;

    call_open(&c);
    call_draw(&c, &rng, M_MAX, panel, LEN_MAX);
    for (size_t l = 0; l < c.k; l++)
        memcpy(packed + l * panel, c.b + l * c.ldb, panel * sizeof *packed);
    c.add = false;
    call_run(&c, &f->fast);
    f->fast.gemm_f32(c.m, panel, c.k, c.a, c.lda, packed, panel, other, panel, false);

    for (size_t i = 0; i < c.m; i++)
        assert_memory_equal(other + i * panel, c.out + i * c.ldo, panel * sizeof *other);
    test_free(packed);
    call_close(&c);
}

static void a_product_summed_in_blocks_has_the_bits_of_one_call(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    float whole[M_MAX * (KERNELS_PANEL_MAX + GAP_MAX)];
    struct call c;

    call_open(&c);
    for (size_t k = 2; k <= LEN_MAX; k = 2 * k + 1) {
        call_draw(&c, &rng, 13, f->fast.panel, k);
        const size_t bytes = span(c.m, c.n, c.ldo) * sizeof(float);
        call_run(&c, &f->fast);
        memcpy(whole, c.out, bytes);

        const size_t cut = 1 + rng_below(&rng, k - 1);
        memcpy(c.out, c.before, bytes);
        f->fast.gemm_f32(c.m, c.n, cut, c.a, c.lda, c.b, c.ldb, c.out, c.ldo, c.add);
        f->fast.gemm_f32(c.m, c.n, k - cut, c.a + cut, c.lda, c.b + cut * c.ldb, c.ldb, c.out,
                         c.ldo, true);
        assert_memory_equal(c.out, whole, bytes);
    }
    call_close(&c);
}

/* An infinity or a NaN changes its own row or column only, and subnormals are kept. */
static void special_values_change_their_own_row_or_column_only(void **state)
{
    const struct family *f = *state;
    const size_t panel = f->fast.panel;
    float a[M_MAX][2] = { { 0 } };
    float b[2 * KERNELS_PANEL_MAX];
    float out[M_MAX * KERNELS_PANEL_MAX];

    for (size_t i = 0; i < M_MAX; i++)
        a[i][0] = 1;
    for (size_t j = 0; j < 2 * panel; j++)
        b[j] = 0x1p-149f;
    a[7][0] = INFINITY;
    b[panel - 1] = NAN;
    f->fast.gemm_f32(M_MAX, panel, 2, a[0], 2, b, panel, out, panel, false);

    for (size_t i = 0; i < M_MAX; i++) {
        for (size_t j = 0; j + 1 < panel; j++)
            assert_true(out[i * panel + j] == (i == 7 ? INFINITY : 0x1p-149f));
        assert_true(isnan(out[i * panel + panel - 1]));
    }
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(products_of_every_row_and_column_count_are_within_the_bound,
                                  &f),
        cmocka_unit_test_prestate(products_of_every_depth_are_within_the_bound, &f),
        cmocka_unit_test_prestate(products_have_the_same_bits_in_any_call, &f),
        cmocka_unit_test_prestate(packed_and_strided_panels_give_the_same_bits, &f),
        cmocka_unit_test_prestate(a_product_summed_in_blocks_has_the_bits_of_one_call, &f),
        cmocka_unit_test_prestate(special_values_change_their_own_row_or_column_only, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/gemm", tests, NULL, NULL);
}
