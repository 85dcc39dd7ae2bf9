/* SPDX-License-Identifier: Apache-2.0 */
/* Products of bfloat16: packed exactly, rounded and summed within their bounds. */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>

#include "tests/kernels/family.h"

enum { M_MAX = 30, K_MAX = 1100, GAP_MAX = 3 };

static float widen(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static void a_float_is_rounded_to_the_nearest_bf16(void **state)
{
    static const struct {
        uint32_t from;
        uint16_t to;
    } cases[] = {
        { 0x3f800000, 0x3f80 }, /* 1 */
        { 0x3f808000, 0x3f80 }, /* a tie rounds to even */
        { 0x3f818000, 0x3f82 },
        { 0x3f808001, 0x3f81 },
        { 0xbf808001, 0xbf81 },
        { 0x7f7fffff, 0x7f80 }, /* the largest float rounds to infinity */
        { 0x7f800000, 0x7f80 },
        { 0xff800000, 0xff80 },
        { 0x00800000, 0x0080 }, /* FLT_MIN is kept */
        { 0x007fffff, 0x0000 },
        { 0x80000001, 0x8000 }, /* subnormals become zero */
    };
    const struct family *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float x;
        uint16_t out;

        memcpy(&x, &cases[i].from, sizeof x);
        f->fast.round_bf16(&x, 1, &out);
        assert_int_equal(out, cases[i].to);
    }
    for (size_t i = 0; i < 2; i++) {
        const uint32_t bits = i ? 0x7f800001 : 0xffffffff;
        float x;
        uint16_t out;

        memcpy(&x, &bits, sizeof x);
        f->fast.round_bf16(&x, 1, &out);
        assert_true(isnan(widen(out)));
    }
}

static void rounding_to_bf16_gives_the_same_bits_in_all_variants(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard from, to;
    uint16_t want[LEN_MAX];

    guard_open(&from, LEN_MAX * sizeof(float));
    guard_open(&to, LEN_MAX * sizeof(uint16_t));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        float *x = guard_tail(&from, n * sizeof *x);
        uint16_t *got = guard_tail(&to, n * sizeof *got);

        for (size_t i = 0; i < n; i++) { /* any bits except those of NaN */
            uint32_t bits = (uint32_t)rng_next(&rng);

            memcpy(&x[i], &bits, sizeof bits);
            x[i] = isnan(x[i]) ? 1 : x[i];
        }
        f->ref.round_bf16(x, n, want);
        f->fast.round_bf16(x, n, got);
        assert_memory_equal(got, want, n * sizeof *got);
        assert_true(guard_intact(&to));
    }
    guard_close(&from);
    guard_close(&to);
}

static void check_exp(const char *who, float difference, uint16_t got)
{
    const double want = exp((double)difference);
    const double before = (4e-6 + 1.2e-7 * fabs((double)difference)) * want;
    const double bound = before + (want + before) * 0x1p-8 + 1e-37;

    if (!(fabs((double)widen(got) - want) <= bound))
        fail_msg("%s: exp(%.9g) is %.9g, not %.9g", who, (double)difference, (double)widen(got),
                 want);
}

static void bf16_exp_and_its_sum_are_within_the_bound(void **state)
{
    const struct family *f = *state;
    const struct kernels *const both[] = { &f->ref, &f->fast };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard from, to;

    guard_open(&from, LEN_MAX * sizeof(float));
    guard_open(&to, LEN_MAX * sizeof(uint16_t));
    for (size_t n = 0; n <= LEN_MAX; n = next_len(n)) {
        const float max = 10 * rng_normal_f32(&rng);
        float *x = guard_tail(&from, n * sizeof *x);
        uint16_t *got = guard_tail(&to, n * sizeof *got);

        for (size_t i = 0; i < n; i++)
            x[i] = max - (float)(100 * rng_unit(&rng) * rng_unit(&rng));
        for (size_t b = 0; b < 2; b++) {
            const float sum = both[b]->exp_bf16(x, n, max, got);
            double want = 0, slack = 1e-36;

            for (size_t i = 0; i < n; i++) {
                const float difference = x[i] - max;
                const double term = exp((double)difference);

                check_exp(both[b]->name, difference, got[i]);
                want += term;
                slack += (4e-6 + 1.2e-7 * fabs((double)difference) +
                          (double)n * (double)FLT_EPSILON) *
                         term;
            }
            if (!(fabs((double)sum - want) <= slack))
                fail_msg("%s n=%zu: the sum is %.9g, not %.9g", both[b]->name, n, (double)sum,
                         want);
            assert_true(guard_intact(&to));
        }
    }
    guard_close(&from);
    guard_close(&to);
}

static void bf16_exp_is_within_the_bound_over_its_range(void **state)
{
    const struct family *f = *state;
    uint16_t got[16];
    float x[16];

    for (float from = 0; from > -120; from -= 0x1p-7f) {
        for (size_t i = 0; i < 16; i++)
            x[i] = from - (float)i * 0x1p-11f;
        f->fast.exp_bf16(x, 16, 0, got);
        for (size_t i = 0; i < 16; i++)
            check_exp(f->fast.name, x[i], got[i]);
    }
}

static void bf16_exp_of_special_values_is_that_of_floats(void **state)
{
    const struct family *f = *state;
    const float x[] = { 2, -INFINITY, -1e30f, 2, -FLT_MAX };
    uint16_t got[5];

    assert_true(f->fast.exp_bf16(x, 5, 2, got) >= 2 * (1 - 4e-6f));
    assert_int_equal(got[0], 0x3f80);
    assert_int_equal(got[1], 0);
    assert_int_equal(got[2], 0);
    assert_int_equal(got[3], 0x3f80);
    assert_int_equal(got[4], 0);
    assert_true(isnan(f->fast.exp_bf16(&(float){ NAN }, 1, 0, got)));
    assert_true(isnan(widen(got[0])));
}

static void a_bf16_panel_holds_the_rows_in_pairs(void **state)
{
    const struct family *f = *state;
    const size_t panel = f->fast.panel;
    struct rng rng = rng_from_env("CURATE_SEED");
    uint16_t *want = test_malloc(panel * K_MAX * sizeof *want);
    struct guard from, to;

    guard_open(&from, panel * (K_MAX + GAP_MAX + 2) * sizeof *want);
    guard_open(&to, panel * K_MAX * sizeof *want);
    for (size_t n = 0; n <= panel; n++) {
        const size_t k = 2 * rng_below(&rng, 60);
        const size_t first = rng_below(&rng, 3);
        const size_t row_bytes = (first + k) * sizeof *want + rng_below(&rng, GAP_MAX);
        const size_t bytes = n ? (n - 1) * row_bytes + (first + k) * sizeof *want : 0;
        unsigned char *rows = guard_tail(&from, bytes);
        uint16_t *got = guard_tail(&to, k * panel * sizeof *got);

        for (size_t i = 0; i < bytes; i++)
            rows[i] = (unsigned char)rng_next(&rng);
        memset(want, 0, k * panel * sizeof *want);
        for (size_t j = 0; j < n; j++)
            for (size_t l = 0; l < k; l++)
                memcpy(&want[l / 2 * 2 * panel + 2 * j + l % 2],
                       rows + j * row_bytes + (first + l) * sizeof *want, sizeof *want);
        f->fast.pair_bf16(rows, row_bytes, n, first, k, panel, got);
        assert_memory_equal(got, want, k * panel * sizeof *got);
        assert_true(guard_intact(&to));
    }
    guard_close(&from);
    guard_close(&to);
    test_free(want);
}

/* One call of gemm_bf16 with its operands, each of which ends at an unmapped page. */
struct call {
    struct guard a_guard, b_guard, out_guard;
    size_t m, n, k, lda, ldo, panel;
    bool add;
    uint16_t *a, *b;
    float *out;
    float before[M_MAX * (KERNELS_PANEL_MAX + GAP_MAX)];
};

static void call_open(struct call *c)
{
    guard_open(&c->a_guard, M_MAX * (K_MAX + GAP_MAX) * sizeof *c->a);
    guard_open(&c->b_guard, K_MAX * KERNELS_PANEL_MAX * sizeof *c->b);
    guard_open(&c->out_guard, M_MAX * (KERNELS_PANEL_MAX + GAP_MAX) * sizeof *c->out);
}

static void call_close(struct call *c)
{
    guard_close(&c->a_guard);
    guard_close(&c->b_guard);
    guard_close(&c->out_guard);
}

static size_t span(size_t rows, size_t columns, size_t ld)
{
    return rows && columns ? (rows - 1) * ld + columns : 0;
}

static void draw_halves(struct rng *rng, uint16_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float x = rng_normal_f32(rng);
        uint32_t bits;

        memcpy(&bits, &x, sizeof bits);
        out[i] = (uint16_t)(bits >> 16);
    }
}

static void call_draw(struct call *c, const struct kernels *k, struct rng *rng, size_t m,
                      size_t n, size_t depth)
{
    c->m = m;
    c->n = n;
    c->k = depth;
    c->panel = k->panel;
    c->lda = depth + rng_below(rng, GAP_MAX);
    c->ldo = n + rng_below(rng, GAP_MAX);
    c->add = rng_below(rng, 2);
    c->a = guard_tail(&c->a_guard, span(m, depth, c->lda) * sizeof *c->a);
    c->b = guard_tail(&c->b_guard, depth * k->panel * sizeof *c->b);
    c->out = guard_tail(&c->out_guard, span(m, n, c->ldo) * sizeof *c->out);
    draw_halves(rng, c->a, span(m, depth, c->lda));
    draw_halves(rng, c->b, depth * k->panel);
    for (size_t i = 0; i < m; i++)
        if (c->add)
            rng_fill_normal(rng, c->out + i * c->ldo, n);
    memcpy(c->before, c->out, span(m, n, c->ldo) * sizeof *c->out);
}

static void call_run(struct call *c, const struct kernels *k)
{
    memcpy(c->out, c->before, span(c->m, c->n, c->ldo) * sizeof *c->out);
    k->gemm_bf16(c->m, c->n, c->k, c->a, c->lda, c->b, c->panel, c->out, c->ldo, c->add);
}

static void check_element(const struct call *c, const char *who, size_t i, size_t j)
{
    double exact = c->add ? (double)c->before[i * c->ldo + j] : 0;
    double magnitude = fabs(exact);

    for (size_t l = 0; l < c->k; l++) {
        const double term = (double)widen(c->a[i * c->lda + l]) *
                            (double)widen(c->b[l / 2 * 2 * c->panel + 2 * j + l % 2]);

        exact += term;
        magnitude += fabs(term);
    }
    const double off = fabs((double)c->out[i * c->ldo + j] - exact);
    const double bound = ((double)c->k + 1) * (double)FLT_EPSILON * magnitude;
    if (!(off <= bound))
        fail_msg("%s m=%zu n=%zu k=%zu add=%d: (%zu, %zu) is off by %g of %g", who, c->m, c->n,
                 c->k, c->add, i, j, off, bound);
}

static void bf16_products_are_within_the_bound(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct call c;

    call_open(&c);
    for (size_t m = 0; m <= M_MAX; m++)
        for (size_t n = 0; n <= f->fast.panel; n++) {
            call_draw(&c, &f->fast, &rng, m, n, 2 * rng_below(&rng, n % 8 ? 9 : K_MAX / 2 + 1));
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

static void bf16_products_have_the_same_bits_in_any_call(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    float alone[M_MAX * KERNELS_PANEL_MAX];
    struct call c;

    call_open(&c);
    call_draw(&c, &f->fast, &rng, M_MAX, f->fast.panel, K_MAX);
    call_run(&c, &f->fast);
    for (size_t m = 1; m <= M_MAX; m++)
        for (size_t cut = 0; cut <= K_MAX; cut += 366) {
            const size_t i = rng_below(&rng, M_MAX - m + 1);
            const size_t n = 1 + rng_below(&rng, f->fast.panel);
            const uint16_t *a = c.a + i * c.lda;

            for (size_t r = 0; r < m; r++)
                memcpy(alone + r * n, c.before + (i + r) * c.ldo, n * sizeof *alone);
            f->fast.gemm_bf16(m, n, cut, a, c.lda, c.b, c.panel, alone, n, c.add);
            f->fast.gemm_bf16(m, n, K_MAX - cut, a + cut, c.lda, c.b + cut * c.panel, c.panel,
                              alone, n, true);
            for (size_t r = 0; r < m; r++)
                assert_memory_equal(alone + r * n, c.out + (i + r) * c.ldo, n * sizeof *alone);
        }
    call_close(&c);
}

/* A NaN from damaged weights must reach the end of the model, where it is reported. */
static void a_nan_in_a_bf16_operand_reaches_the_product(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct call c;

    call_open(&c);
    for (size_t round = 0; round < 8; round++) {
        call_draw(&c, &f->fast, &rng, 13, f->fast.panel, 64);
        c.a[5 * c.lda + rng_below(&rng, 64)] = 0x7fc0;
        call_run(&c, &f->fast);
        for (size_t i = 0; i < c.m; i++)
            for (size_t j = 0; j < c.n; j++)
                assert_int_equal(isnan(c.out[i * c.ldo + j]), i == 5);
    }
    call_close(&c);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_float_is_rounded_to_the_nearest_bf16, &f),
        cmocka_unit_test_prestate(rounding_to_bf16_gives_the_same_bits_in_all_variants, &f),
        cmocka_unit_test_prestate(bf16_exp_and_its_sum_are_within_the_bound, &f),
        cmocka_unit_test_prestate(bf16_exp_is_within_the_bound_over_its_range, &f),
        cmocka_unit_test_prestate(bf16_exp_of_special_values_is_that_of_floats, &f),
        cmocka_unit_test_prestate(a_bf16_panel_holds_the_rows_in_pairs, &f),
        cmocka_unit_test_prestate(bf16_products_are_within_the_bound, &f),
        cmocka_unit_test_prestate(bf16_products_have_the_same_bits_in_any_call, &f),
        cmocka_unit_test_prestate(a_nan_in_a_bf16_operand_reaches_the_product, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/bf16", tests, NULL, NULL);
}
