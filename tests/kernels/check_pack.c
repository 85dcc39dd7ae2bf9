/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "tests/kernels/family.h"

enum { K_MAX = 4100, ROW_BYTES_MAX = 4 * K_MAX + 64 };

enum dtype { F32, F16, BF16, Q8_0, N_DTYPES };

/* The elements of a row come in blocks: how many elements, in how many bytes. */
static const struct {
    const char *name;
    size_t block, block_bytes;
} dtypes[] = { { "f32", 1, 4 }, { "f16", 1, 2 }, { "bf16", 1, 2 }, { "q8_0", 32, 34 } };

static void pack(const struct kernels *kernels, enum dtype dtype, const void *rows,
                 size_t row_bytes, size_t n, size_t first, size_t k, float *out)
{
    void (*const packs[])(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                          float *out) = { kernels->pack_f32, kernels->pack_f16,
                                          kernels->pack_bf16, kernels->pack_q8_0 };

    packs[dtype](rows, row_bytes, n, first, k, out);
}

static unsigned u16_at(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

/* Computed in double, from the definition of the format. */
static double half_value(unsigned half)
{
    const double sign = half & 0x8000 ? -1 : 1;
    const int exponent = (int)(half >> 10 & 31);
    const double fraction = half & 1023;

    if (exponent == 31)
        return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static double float_value(uint32_t bits)
{
    const double sign = bits >> 31 ? -1 : 1;
    const int exponent = (int)(bits >> 23 & 255);
    const double fraction = bits & 0x7fffff;

    if (exponent == 255)
        return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction, -149);
    return sign * ldexp(0x800000 + fraction, exponent - 150);
}

static double q8_0_value(const unsigned char *block, size_t i)
{
    const int q = block[2 + i];

    return half_value(u16_at(block)) * (q < 128 ? q : q - 256);
}

static double element(enum dtype dtype, const unsigned char *row, size_t i)
{
    switch (dtype) {
    case F32:
        return float_value(u16_at(row + 4 * i) | u16_at(row + 4 * i + 2) << 16);
    case F16:
        return half_value(u16_at(row + 2 * i));
    case BF16:
        return float_value(u16_at(row + 2 * i) << 16);
    case Q8_0:
        return q8_0_value(row + i / 32 * 34, i % 32);
    case N_DTYPES:
        break;
    }
    return NAN;
}

/* Both are the same number with the same sign, or both are NaN. */
static bool same_value(float got, double want)
{
    if (isnan(want))
        return isnan(got);
    return (double)got == want && !signbit(got) == !signbit(want);
}

/* Draw n rows that end at the unmapped page and hold elements 0 .. first + k - 1. */
static const unsigned char *draw_rows(struct rng *rng, struct guard *g, size_t n,
                                      size_t row_bytes, size_t used_bytes)
{
    const size_t bytes = n ? (n - 1) * row_bytes + used_bytes : 0;
    unsigned char *rows = guard_tail(g, bytes);

    for (size_t i = 0; i < bytes; i++)
        rows[i] = (unsigned char)rng_next(rng);
    return rows;
}

static void check_pack(const struct kernels *kernels, enum dtype dtype, struct rng *rng,
                       struct guard *in, struct guard *to, size_t n, size_t k)
{
    const size_t panel = kernels->panel;
    const size_t first = dtypes[dtype].block * rng_below(rng, 4);
    const size_t used = (first + k) / dtypes[dtype].block * dtypes[dtype].block_bytes;
    const size_t row_bytes = used + rng_below(rng, 7);
    const unsigned char *rows = draw_rows(rng, in, n, row_bytes, used);
    float *out = guard_tail(to, k * panel * sizeof *out);

    pack(kernels, dtype, rows, row_bytes, n, first, k, out);

    for (size_t l = 0; l < k; l++)
        for (size_t j = 0; j < panel; j++) {
            const double want = j < n ? element(dtype, rows + j * row_bytes, first + l) : 0;
            if (!same_value(out[l * panel + j], want))
                fail_msg("%s pack_%s n=%zu first=%zu k=%zu seed=%llu: (%zu, %zu) is %g, not %g",
                         kernels->name, dtypes[dtype].name, n, first, k,
                         (unsigned long long)rng->seed, l, j, (double)out[l * panel + j], want);
        }
    assert_true(guard_intact(to));
}

static void packing_is_exact_for_every_weight_type_and_size(void **state)
{
    const struct family *f = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard in, to;

    guard_open(&in, KERNELS_PANEL_MAX * ROW_BYTES_MAX);
    guard_open(&to, K_MAX * KERNELS_PANEL_MAX * sizeof(float));
    for (enum dtype dtype = 0; dtype < N_DTYPES; dtype++) {
        const size_t block = dtypes[dtype].block;

        for (size_t k = 0; k <= LEN_MAX; k = next_len(k)) {
            check_pack(&f->fast, dtype, &rng, &in, &to, f->fast.panel, k / block * block);
            check_pack(&f->fast, dtype, &rng, &in, &to, rng_below(&rng, f->fast.panel),
                       k / block * block);
        }
        for (size_t n = 0; n <= f->fast.panel; n++)
            check_pack(&f->fast, dtype, &rng, &in, &to, n, (size_t)32 * (n % 3));
    }
    guard_close(&in);
    guard_close(&to);
}

/* All patterns of 16 bits, subnormals, infinities and NaNs included. */
static void every_f16_is_widened_exactly(void **state)
{
    const struct family *f = *state;
    const size_t panel = f->fast.panel;
    const size_t k = 65536 / panel;
    unsigned char *halves = test_malloc(2 * 65536);
    float *out = test_malloc(65536 * sizeof *out);

    for (size_t i = 0; i < 65536; i++) {
        halves[2 * i] = (unsigned char)i;
        halves[2 * i + 1] = (unsigned char)(i >> 8);
    }
    for (enum dtype dtype = F16; dtype <= BF16; dtype++) {
        pack(&f->fast, dtype, halves, 2 * k, panel, 0, k, out);
        for (size_t i = 0; i < 65536; i++)
            assert_true(same_value(out[i % k * panel + i / k],
                                   element(dtype, halves + i / k * 2 * k, i % k)));
    }
    test_free(halves);
    test_free(out);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(packing_is_exact_for_every_weight_type_and_size, &f),
        cmocka_unit_test_prestate(every_f16_is_widened_exactly, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/pack", tests, NULL, NULL);
}
