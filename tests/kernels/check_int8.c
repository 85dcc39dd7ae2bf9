/* SPDX-License-Identifier: Apache-2.0 */
/* Products in 8-bit integers: integer steps are exact, rounding steps are within their
 * bounds. */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

enum { M_MAX = 20, BLOCKS_MAX = 40, GAP_MAX = 3, ROW = BLOCKS_MAX + GAP_MAX };

/* Some blocks of ordinary numbers, some of tiny, large or equal numbers, some of zeros. */
static void draw_floats(struct rng *rng, float *x, size_t n)
{
    static const float sizes[] = { 1, 0, 1e-38f, 1e-31f, 1e-29f, 1e30f, 3e38f, 0x1p-149f };

    rng_fill_normal(rng, x, n);
    for (size_t i = 0; i < n; i += INT8_BLOCK) {
        const float size = rng_below(rng, 3) ? 1 : sizes[rng_below(rng, 8)];

        for (size_t l = 0; l < INT8_BLOCK; l++)
            x[i + l] = size >= 1e30f ? copysignf(size, x[i + l]) : x[i + l] * size;
    }
}

static void check_rounded(const float *x, const struct act_int8 *block)
{
    double most = 0;
    int sum = 0;

    for (size_t l = 0; l < INT8_BLOCK; l++)
        most = fmax(most, fabs((double)x[l]));
    for (size_t l = 0; l < INT8_BLOCK; l++) {
        const double off = fabs((double)x[l] - (double)block->scale * block->q[l]);
        const double bound = most / 254 + 4 * (double)FLT_EPSILON * most;

        sum += block->q[l];
        assert_in_range(block->q[l] + 127, 0, 254);
        assert_true(off <= (most < 1e-30 ? most : bound));
    }
    assert_int_equal(block->shift, -128 * sum);
    assert_true(same_bits(block->sum, block->scale * (float)sum));
}

static void rounding_to_bytes_is_within_the_bound_and_the_same_in_all_variants(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct act_int8 want[BLOCKS_MAX];
    struct guard in, to;

    guard_open(&in, BLOCKS_MAX * INT8_BLOCK * sizeof(float));
    guard_open(&to, sizeof want);
    for (size_t n = 0; n <= BLOCKS_MAX; n++) {
        float *x = guard_tail(&in, n * INT8_BLOCK * sizeof *x);
        struct act_int8 *got = guard_tail(&to, n * sizeof *got);

        draw_floats(&rng, x, n * INT8_BLOCK);
        f->ref.quantise_int8(x, n, want);
        f->fast.quantise_int8(x, n, got);
        assert_memory_equal(got, want, n * sizeof *got);
        assert_true(guard_intact(&to));
        for (size_t b = 0; b < n; b++)
            check_rounded(x + b * INT8_BLOCK, &got[b]);
    }
    guard_close(&in);
    guard_close(&to);
}

static void a_block_with_a_nan_or_infinity_has_a_scale_that_is_not_finite(void **state)
{
    const struct family *f = *state;
    static const float bad[] = { NAN, INFINITY, -INFINITY };
    float x[INT8_BLOCK];
    struct act_int8 block;

    for (size_t i = 0; i < 3; i++)
        for (size_t at = 0; at < INT8_BLOCK; at++) {
            for (size_t l = 0; l < INT8_BLOCK; l++)
                x[l] = (float)l;
            x[at] = bad[i];
            f->fast.quantise_int8(x, 1, &block);
            assert_false(isfinite(block.scale));
            for (size_t l = 0; l < INT8_BLOCK; l++)
                assert_int_equal(block.q[l], 0);
            assert_int_equal(block.shift, 0);
        }
}

/* A block format, and the code that widens it to floats. */
struct format {
    const char *name;
    size_t group, bytes; /* number of blocks of 32 that are read together, and their bytes */
    void (*quants)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*widen)(const void *row, size_t first, size_t k, float *out);
    bool two_halves; /* with a scale and a minimum */
};

/* Random bytes, except for the f16 fields at the start, which are numbers of about 1. */
static void draw_blocks(struct rng *rng, const struct format *format, unsigned char *row,
                        size_t n)
{
    for (size_t i = 0; i < n * format->bytes; i++)
        row[i] = (unsigned char)rng_next(rng);
    for (size_t b = 0; b < n; b++) {
        row[b * format->bytes + 1] = (unsigned char)(0x38 | (rng_next(rng) & 0x83));
        if (format->two_halves)
            row[b * format->bytes + 3] = (unsigned char)(0x38 | (rng_next(rng) & 0x83));
    }
}

static void check_format(const struct family *f, struct rng *rng, const struct format *format)
{
    enum { GROUPS = 5 };
    const size_t n = GROUPS * format->group;
    struct weight_int8 *blocks = test_malloc(n * sizeof *blocks);
    float *widened = test_malloc(n * INT8_BLOCK * sizeof *widened);
    struct guard g;

    (void)f;
    guard_open(&g, (GROUPS + 2) * format->bytes);
    for (size_t first = 0; first <= 2; first++) {
        unsigned char *row = guard_tail(&g, (GROUPS + first) * format->bytes);

        draw_blocks(rng, format, row, GROUPS + first);
        format->quants(row, first * format->group, n, blocks);
        format->widen(row, first * format->group * INT8_BLOCK, n * INT8_BLOCK, widened);
        for (size_t i = 0; i < n * INT8_BLOCK; i++) {
            const struct weight_int8 *block = &blocks[i / INT8_BLOCK];
            const float got = block->scale * (float)block->q[i % INT8_BLOCK] + block->minimum;

            if (got != widened[i])
                fail_msg("%s: element %zu is %g, not %g", format->name, i, (double)got,
                         (double)widened[i]);
        }
    }
    guard_close(&g);
    test_free(widened);
    test_free(blocks);
}

static void widen_q8_0(const void *row, size_t first, size_t k, float *out)
{
    struct kernels ref;

    kernels_init(&ref, 0);
    float *panel = test_malloc(k * ref.panel * sizeof *panel);
    ref.pack_q8_0(row, 0, 1, first, k, panel);
    for (size_t l = 0; l < k; l++)
        out[l] = panel[l * ref.panel];
    test_free(panel);
}

static void every_block_format_has_the_same_value_as_in_floats(void **state)
{
    const struct family *f = *state;
    const struct kernels *k = &f->fast;
    struct rng rng = rng_from_env("CURATE_SEED");
    const struct format formats[] = {
        { "q8_0", 1, 34, k->quants_q8_0, widen_q8_0, false },
        { "q4_0", 1, 18, k->quants_q4_0, k->unpack_q4_0, false },
        { "q4_1", 1, 20, k->quants_q4_1, k->unpack_q4_1, true },
        { "q5_0", 1, 22, k->quants_q5_0, k->unpack_q5_0, false },
        { "q5_1", 1, 24, k->quants_q5_1, k->unpack_q5_1, true },
        { "iq4_nl", 1, 18, k->quants_iq4_nl, k->unpack_iq4_nl, false },
        { "q4_k", 8, 144, k->quants_q4_k, k->unpack_q4_k, true },
        { "q5_k", 8, 176, k->quants_q5_k, k->unpack_q5_k, true },
    };

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        check_format(f, &rng, &formats[i]);
}

/* One call of gemm_int8 with its operands, each of which ends at an unmapped page. */
struct call {
    struct guard a_guard, b_guard, out_guard;
    size_t m, n, n_blocks, lda, ldo;
    bool add, minima;
    struct weight_int8 *weights; /* n rows of ROW blocks */
    struct act_int8 *a;
    uint8_t *b;
    float *out;
    float before[M_MAX * (KERNELS_PANEL_MAX + GAP_MAX)];
};

static void call_open(struct call *c)
{
    guard_open(&c->a_guard, M_MAX * ROW * sizeof *c->a);
    guard_open(&c->b_guard, BLOCKS_MAX * INT8_BYTES * KERNELS_PANEL_MAX);
    guard_open(&c->out_guard, M_MAX * (KERNELS_PANEL_MAX + GAP_MAX) * sizeof *c->out);
    c->weights = test_malloc(KERNELS_PANEL_MAX * ROW * sizeof *c->weights);
}

static void call_close(struct call *c)
{
    guard_close(&c->a_guard);
    guard_close(&c->b_guard);
    guard_close(&c->out_guard);
    test_free(c->weights);
}

static size_t span(size_t rows, size_t columns, size_t ld)
{
    return rows && columns ? (rows - 1) * ld + columns : 0;
}

/* Any byte, often an extreme one: -128 with 127 is where narrower sums would overflow. */
static int8_t draw_byte(struct rng *rng)
{
    const size_t kind = rng_below(rng, 4);

    return (int8_t)(kind == 0 ? -128 : kind == 1 ? 127 : (int)rng_below(rng, 256) - 128);
}

static void call_draw(struct call *c, const struct kernels *k, struct rng *rng, size_t m,
                      size_t n, size_t n_blocks)
{
    c->m = m;
    c->n = n;
    c->n_blocks = n_blocks;
    c->lda = n_blocks + rng_below(rng, GAP_MAX);
    c->ldo = n + rng_below(rng, GAP_MAX);
    c->add = rng_below(rng, 2);
    c->minima = rng_below(rng, 2);
    const size_t n_acts = span(m, n_blocks, c->lda);
    c->a = guard_tail(&c->a_guard, n_acts * sizeof *c->a);
    c->b = guard_tail(&c->b_guard, n_blocks * INT8_BYTES * k->panel);
    c->out = guard_tail(&c->out_guard, span(m, n, c->ldo) * sizeof *c->out);
    for (size_t i = 0; i < n_acts; i++) {
        int sum = 0;

        for (size_t l = 0; l < INT8_BLOCK; l++) {
            c->a[i].q[l] = draw_byte(rng);
            c->a[i].q[l] = (int8_t)(c->a[i].q[l] == -128 ? -127 : c->a[i].q[l]);
            sum += c->a[i].q[l];
        }
        c->a[i].scale = rng_normal_f32(rng);
        c->a[i].shift = -128 * sum;
        c->a[i].sum = c->a[i].scale * (float)sum;
    }
    for (size_t i = 0; i < n * ROW; i++) {
        for (size_t l = 0; l < INT8_BLOCK; l++)
            c->weights[i].q[l] = draw_byte(rng);
        c->weights[i].scale = rng_normal_f32(rng);
        c->weights[i].minimum = c->minima ? rng_normal_f32(rng) : 0;
    }
    k->pack_int8(c->weights, ROW, n, n_blocks, k->panel, c->b);
    for (size_t i = 0; i < m; i++)
        if (c->add)
            rng_fill_normal(rng, c->out + i * c->ldo, n);
    memcpy(c->before, c->out, span(m, n, c->ldo) * sizeof *c->out);
}

static void call_run(struct call *c, const struct kernels *k)
{
    memcpy(c->out, c->before, span(c->m, c->n, c->ldo) * sizeof *c->out);
    k->gemm_int8(c->m, c->n, c->n_blocks, c->a, c->lda, c->b, k->panel, c->minima, c->out,
                 c->ldo, c->add);
}

static void check_element(const struct call *c, const char *who, size_t i, size_t j)
{
    double exact = c->add ? (double)c->before[i * c->ldo + j] : 0;
    double magnitude = fabs(exact);

    for (size_t b = 0; b < c->n_blocks; b++) {
        const struct act_int8 *act = &c->a[i * c->lda + b];
        const struct weight_int8 *weight = &c->weights[j * ROW + b];
        int product = 0;

        for (size_t l = 0; l < INT8_BLOCK; l++)
            product += act->q[l] * weight->q[l];
        const double term = (double)product * (double)act->scale * (double)weight->scale;
        const double least = c->minima ? (double)act->sum * (double)weight->minimum : 0;
        exact += term + least;
        magnitude += fabs(term) + fabs(least);
    }
    const double off = fabs((double)c->out[i * c->ldo + j] - exact);
    const double bound = (4 * (double)c->n_blocks + 1) * (double)FLT_EPSILON * magnitude;
    if (!(off <= bound))
        fail_msg("%s m=%zu n=%zu blocks=%zu add=%d minima=%d: (%zu, %zu) is off by %g of %g",
                 who, c->m, c->n, c->n_blocks, c->add, c->minima, i, j, off, bound);
}

static void int8_panels_are_packed_as_in_plain_c(void **state)
{
    const struct family *f = *state;
    const size_t panel = f->fast.panel;
    struct rng rng = rng_from_env("CURATE_SEED");
    uint8_t *want = test_malloc(BLOCKS_MAX * INT8_BYTES * panel);
    struct guard rows_guard, to;

    guard_open(&rows_guard, panel * ROW * sizeof(struct weight_int8));
    guard_open(&to, BLOCKS_MAX * INT8_BYTES * panel);
    for (size_t n = 0; n <= panel; n++) {
        const size_t n_blocks = 1 + rng_below(&rng, BLOCKS_MAX);
        const size_t stride = n_blocks + rng_below(&rng, GAP_MAX);
        const size_t n_rows = span(n, n_blocks, stride);
        struct weight_int8 *rows = guard_tail(&rows_guard, n_rows * sizeof *rows);
        uint8_t *got = guard_tail(&to, n_blocks * INT8_BYTES * panel);

        for (size_t i = 0; i < n_rows * sizeof *rows; i++)
            ((uint8_t *)rows)[i] = (uint8_t)rng_next(&rng);
        f->ref.pack_int8(rows, stride, n, n_blocks, panel, want);
        f->fast.pack_int8(rows, stride, n, n_blocks, panel, got);
        assert_memory_equal(got, want, n_blocks * INT8_BYTES * panel);
        assert_true(guard_intact(&to));
    }
    guard_close(&rows_guard);
    guard_close(&to);
    test_free(want);
}

static void int8_products_are_within_the_bound(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct call c;

    call_open(&c);
    for (size_t m = 0; m <= M_MAX; m++)
        for (size_t n = 0; n <= f->fast.panel; n++) {
            call_draw(&c, &f->fast, &rng, m, n, rng_below(&rng, n % 8 ? 4 : BLOCKS_MAX + 1));
            call_run(&c, &f->fast);
            for (size_t i = 0; i < m; i++) {
                for (size_t j = 0; j < n; j++)
                    check_element(&c, f->fast.name, i, j);
                if (i + 1 < m && n)
                    assert_true(all_poison(c.out + i * c.ldo + n, c.ldo - n));
            }
            assert_true(guard_intact(&c.out_guard));
        }
    call_close(&c);
}

/* With scales that are powers of two nothing is rounded, so the integer sums equal those of
 * plain C. */
static void int8_sums_are_exact(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    float *want = test_malloc(M_MAX * KERNELS_PANEL_MAX * sizeof *want);
    struct call c;

    call_open(&c);
    for (size_t round = 0; round < 20; round++) {
        call_draw(&c, &f->fast, &rng, M_MAX, f->fast.panel, 8);
        c.add = c.minima = false;
        for (size_t i = 0; i < M_MAX * c.lda && i < span(M_MAX, 8, c.lda); i++)
            c.a[i].scale = 1;
        for (size_t i = 0; i < c.n * ROW; i++)
            c.weights[i].scale = 0.25f;
        f->fast.pack_int8(c.weights, ROW, c.n, c.n_blocks, f->fast.panel, c.b);
        call_run(&c, &f->fast);
        f->ref.gemm_int8(c.m, c.n, c.n_blocks, c.a, c.lda, c.b, f->fast.panel, false, want, c.n,
                         false);
        for (size_t i = 0; i < c.m; i++)
            assert_memory_equal(c.out + i * c.ldo, want + i * c.n, c.n * sizeof *want);
    }
    test_free(want);
    call_close(&c);
}

static void int8_products_have_the_same_bits_in_any_call(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    float alone[M_MAX * KERNELS_PANEL_MAX];
    struct call c;

    call_open(&c);
    call_draw(&c, &f->fast, &rng, M_MAX, f->fast.panel, BLOCKS_MAX);
    call_run(&c, &f->fast);
    for (size_t m = 1; m <= M_MAX; m++)
        for (size_t cut = 0; cut <= BLOCKS_MAX; cut += 13) {
            const size_t i = rng_below(&rng, M_MAX - m + 1);
            const size_t n = 1 + rng_below(&rng, f->fast.panel);
            const struct act_int8 *a = c.a + i * c.lda;

            for (size_t r = 0; r < m; r++)
                memcpy(alone + r * n, c.before + (i + r) * c.ldo, n * sizeof *alone);
            f->fast.gemm_int8(m, n, cut, a, c.lda, c.b, f->fast.panel, c.minima, alone, n,
                              c.add);
            f->fast.gemm_int8(m, n, BLOCKS_MAX - cut, a + cut, c.lda,
                              c.b + cut * INT8_BYTES * f->fast.panel, f->fast.panel, c.minima,
                              alone, n, true);
            for (size_t r = 0; r < m; r++)
                assert_memory_equal(alone + r * n, c.out + (i + r) * c.ldo, n * sizeof *alone);
        }
    call_close(&c);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(
            rounding_to_bytes_is_within_the_bound_and_the_same_in_all_variants, &f),
        cmocka_unit_test_prestate(a_block_with_a_nan_or_infinity_has_a_scale_that_is_not_finite,
                                  &f),
        cmocka_unit_test_prestate(every_block_format_has_the_same_value_as_in_floats, &f),
        cmocka_unit_test_prestate(int8_panels_are_packed_as_in_plain_c, &f),
        cmocka_unit_test_prestate(int8_products_are_within_the_bound, &f),
        cmocka_unit_test_prestate(int8_sums_are_exact, &f),
        cmocka_unit_test_prestate(int8_products_have_the_same_bits_in_any_call, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/int8", tests, NULL, NULL);
}
