/* SPDX-License-Identifier: Apache-2.0 */
/* Every block format against its definition, element by element in double. */
#include "tests/support/test.h"

#include <math.h>

#include "tests/kernels/family.h"

enum { BLOCKS_MAX = 9, ELEMENTS_MAX = BLOCKS_MAX * 256, BYTES_MAX = BLOCKS_MAX * 210 };

static double half_at(const unsigned char *p)
{
    const unsigned half = p[0] | (unsigned)p[1] << 8;
    const double sign = half & 0x8000 ? -1 : 1;
    const int exponent = (int)(half >> 10 & 31);
    const double fraction = half & 1023;

    if (exponent == 31)
        return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    return exponent == 0 ? sign * ldexp(fraction, -24)
                         : sign * ldexp(1024 + fraction, exponent - 25);
}

/* n <= 8 bits from bit `at` of bytes in little-endian order. */
static int bits(const unsigned char *bytes, size_t at, unsigned n)
{
    int value = 0;

    for (unsigned i = 0; i < n; i++)
        value |= (bytes[(at + i) / 8] >> (at + i) % 8 & 1) << i;
    return value;
}

/* Element i of 32. The low nibbles come before the high ones. */
static int nibble(const unsigned char *quants, size_t i)
{
    return bits(quants, 8 * (i % 16) + i / 16 * 4, 4);
}

static double q4_0(const unsigned char *b, size_t i)
{
    return half_at(b) * (nibble(b + 2, i) - 8);
}

static double q4_1(const unsigned char *b, size_t i)
{
    return half_at(b) * nibble(b + 4, i) + half_at(b + 2);
}

static double q5_0(const unsigned char *b, size_t i)
{
    return half_at(b) * (nibble(b + 6, i) + 16 * bits(b + 2, i, 1) - 16);
}

static double q5_1(const unsigned char *b, size_t i)
{
    return half_at(b) * (nibble(b + 8, i) + 16 * bits(b + 4, i, 1)) + half_at(b + 2);
}

static double iq4_nl(const unsigned char *b, size_t i)
{
    static const double values[] = { -127, -104, -83, -65, -49, -35, -22, -10,
                                     1,    13,   25,  38,  53,  69,  89,  113 };

    return half_at(b) * values[nibble(b + 2, i)];
}

/* The two bits of element i. Each half of 128 elements has 32 bytes, each with elements 32
 * apart. */
static int pair_of_bits(const unsigned char *quants, size_t i)
{
    return bits(quants, 8 * (i / 128 * 32 + i % 32) + i % 128 / 32 * 2, 2);
}

static double q2_k(const unsigned char *b, size_t i)
{
    const int scale = bits(b, 8 * (i / 16), 4);
    const int minimum = bits(b, 8 * (i / 16) + 4, 4);

    return half_at(b + 80) * scale * pair_of_bits(b + 16, i) - half_at(b + 82) * minimum;
}

static double q3_k(const unsigned char *b, size_t i)
{
    const size_t g = i / 16;
    const int low = bits(b + 96, 8 * (g % 8) + g / 8 * 4, 4);
    const int scale = low + 16 * bits(b + 104, 8 * (g % 4) + g / 4 * 2, 2);
    const int third = bits(b, 8 * (i % 32) + i / 32, 1);

    return half_at(b + 108) * (scale - 32) * (pair_of_bits(b + 32, i) + 4 * third - 4);
}

static double q4_q5_k(const unsigned char *b, const unsigned char *quants, size_t i, int fifth)
{
    const unsigned char *s = b + 4;
    const size_t g = i / 32;
    const int scale =
        g < 4 ? bits(s, 8 * g, 6) : bits(s, 8 * (g + 4), 4) + 16 * bits(s, 8 * (g - 4) + 6, 2);
    const int minimum = g < 4 ? bits(s, 8 * (g + 4), 6)
                              : bits(s, 8 * (g + 4) + 4, 4) + 16 * bits(s, 8 * g + 6, 2);
    const int quant = bits(quants, 8 * (i / 64 * 32 + i % 32) + g % 2 * 4, 4) + 16 * fifth;

    return half_at(b) * scale * quant - half_at(b + 2) * minimum;
}

static double q4_k(const unsigned char *b, size_t i)
{
    return q4_q5_k(b, b + 16, i, 0);
}

static double q5_k(const unsigned char *b, size_t i)
{
    return q4_q5_k(b, b + 48, i, bits(b + 16, 8 * (i % 32) + i / 32, 1));
}

static double q6_k(const unsigned char *b, size_t i)
{
    const size_t half = i / 128;
    const size_t run = i % 128 / 32;
    const int low = bits(b, 8 * (64 * half + run % 2 * 32 + i % 32) + run / 2 * 4, 4);
    const int high = bits(b + 128, 8 * (32 * half + i % 32) + 2 * run, 2);
    const int scale = b[192 + i / 16];

    return half_at(b + 208) * (scale < 128 ? scale : scale - 256) * (low + 16 * high - 32);
}

struct type {
    const char *name;
    size_t block, block_bytes;
    double (*element)(const unsigned char *block, size_t i);
    void (*unpack)(const void *row, size_t first, size_t k, float *out);
};

static void check_element(const struct kernels *kernels, const struct type *type, size_t i,
                          float got, double want)
{
    const float rounded = (float)want;

    if (isnan(want) ? !isnan(got) : got != rounded)
        fail_msg("%s unpack_%s: element %zu is %.9g, not %.9g", kernels->name, type->name, i,
                 (double)got, want);
}

/* Blocks of random bits. Their f16 fields take all kinds of values: subnormal, infinite,
 * NaN. */
static void check_type(const struct kernels *kernels, const struct type *type, struct rng *rng,
                       struct guard *in, struct guard *to, size_t first_block, size_t n_blocks)
{
    const size_t n_bytes = (first_block + n_blocks) * type->block_bytes;
    const size_t first = first_block * type->block;
    const size_t k = n_blocks * type->block;
    unsigned char *row = guard_tail(in, n_bytes);
    float *out = guard_tail(to, k * sizeof *out);

    for (size_t i = 0; i < n_bytes; i++)
        row[i] = (unsigned char)rng_next(rng);
    type->unpack(row, first, k, out);
    for (size_t i = 0; i < k; i++)
        check_element(kernels, type, first + i, out[i],
                      type->element(row + (first + i) / type->block * type->block_bytes,
                                    i % type->block));
    assert_true(guard_intact(to));
}

static void every_block_format_is_unpacked_as_defined(void **state)
{
    const struct family *f = *state;
    const struct kernels *k = &f->fast;
    const struct type types[] = {
        { "q4_0", 32, 18, q4_0, k->unpack_q4_0 },
        { "q4_1", 32, 20, q4_1, k->unpack_q4_1 },
        { "q5_0", 32, 22, q5_0, k->unpack_q5_0 },
        { "q5_1", 32, 24, q5_1, k->unpack_q5_1 },
        { "iq4_nl", 32, 18, iq4_nl, k->unpack_iq4_nl },
        { "q2_k", 256, 84, q2_k, k->unpack_q2_k },
        { "q3_k", 256, 110, q3_k, k->unpack_q3_k },
        { "q4_k", 256, 144, q4_k, k->unpack_q4_k },
        { "q5_k", 256, 176, q5_k, k->unpack_q5_k },
        { "q6_k", 256, 210, q6_k, k->unpack_q6_k },
    };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct guard in, to;

    guard_open(&in, BYTES_MAX);
    guard_open(&to, ELEMENTS_MAX * sizeof(float));
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (size_t round = 0; round < 300; round++)
            check_type(k, &types[t], &rng, &in, &to, rng_below(&rng, 4), rng_below(&rng, 6));
    guard_close(&in);
    guard_close(&to);
}

int main(int argc, char **argv)
{
    struct family f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_block_format_is_unpacked_as_defined, &f),
    };

    if (!family_open(&f, argc, argv))
        return SKIP_ALL("this CPU lacks the instruction set");
    return cmocka_run_group_tests_name("kernels/unpack", tests, NULL, NULL);
}
