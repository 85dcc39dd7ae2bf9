/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the block formats of ggml as floats.
 *
 * The results are exact. A scale in f16 has 11 bits, a scale of a group at most 7 and a quant
 * at most 6: their product has at most 24 bits and fits a float. (-128 and -32 have one bit
 * more, but are powers of two.)
 */
#include <stdint.h>

#include "scoring/kernels/ref/blocks.h"

enum { BLOCK = 32, SUPER_BLOCK = 256 };

static inline void unpack_blocks(void (*decode)(const uint8_t *block, float *out), size_t block,
                                 size_t block_bytes, const uint8_t *row, size_t first, size_t k,
                                 float *out)
{
    row += first / block * block_bytes;
    for (size_t l = 0; l < k; l += block) {
        decode(row, out + l);
        row += block_bytes;
    }
}

static inline void block_q4_0_floats(const uint8_t *block, float *out)
{
    const float d = half_at(block);

    for (size_t i = 0; i < 16; i++) {
        out[i] = d * (float)((block[2 + i] & 15) - 8);
        out[16 + i] = d * (float)((block[2 + i] >> 4) - 8);
    }
}

static inline void block_q4_1_floats(const uint8_t *block, float *out)
{
    const struct scales s = scales_at(block);

    for (size_t i = 0; i < 16; i++) {
        out[i] = s.d * (float)(block[4 + i] & 15) + s.m;
        out[16 + i] = s.d * (float)(block[4 + i] >> 4) + s.m;
    }
}

static inline void block_q5_0_floats(const uint8_t *block, float *out)
{
    const float d = half_at(block);
    const uint32_t high = fifth_bits(block + 2);

    for (size_t i = 0; i < 16; i++) {
        const int low = (block[6 + i] & 15) | (int)(high >> i & 1) << 4;
        const int upper = block[6 + i] >> 4 | (int)(high >> (16 + i) & 1) << 4;

        out[i] = d * (float)(low - 16);
        out[16 + i] = d * (float)(upper - 16);
    }
}

static inline void block_q5_1_floats(const uint8_t *block, float *out)
{
    const struct scales s = scales_at(block);
    const uint32_t high = fifth_bits(block + 4);

    for (size_t i = 0; i < 16; i++) {
        const int low = (block[8 + i] & 15) | (int)(high >> i & 1) << 4;
        const int upper = block[8 + i] >> 4 | (int)(high >> (16 + i) & 1) << 4;

        out[i] = s.d * (float)low + s.m;
        out[16 + i] = s.d * (float)upper + s.m;
    }
}

static inline void block_iq4_nl_floats(const uint8_t *block, float *out)
{
    const float d = half_at(block);

    for (size_t i = 0; i < 16; i++) {
        out[i] = d * (float)iq4_nl_values[block[2 + i] & 15];
        out[16 + i] = d * (float)iq4_nl_values[block[2 + i] >> 4];
    }
}

/* u8 scales[16], u8 quants[64], f16 d, f16 m. There are 16 groups of 16 elements, each with 4
 * bits of scale and 4 bits of minimum. An element has 2 bits: 32 bytes hold four runs of 32. */
static inline void block_q2_k_floats(const uint8_t *block, float *out)
{
    const struct scales s = scales_at(block + 80);

    for (size_t g = 0; g < 16; g++) {
        const uint8_t *quants = block + 16 + g / 8 * 32 + g % 2 * 16;
        const unsigned shift = (unsigned)(g % 8 / 2 * 2);
        const float d = s.d * (float)(block[g] & 15);
        const float m = s.m * (float)(block[g] >> 4);

        for (size_t i = 0; i < 16; i++)
            out[16 * g + i] = d * (float)(quants[i] >> shift & 3) - m;
    }
}

/* u8 high[32], u8 quants[64], u8 scales[12], f16 d. Like Q2_K, with a third bit per element (0
 * means -4) and signed scales of 6 bits. */
static inline void block_q3_k_floats(const uint8_t *block, float *out)
{
    const uint8_t *scales = block + 96;
    const float all = half_at(block + 108);

    for (size_t g = 0; g < 16; g++) {
        const uint8_t *quants = block + 32 + g / 8 * 32 + g % 2 * 16;
        const uint8_t *high = block + g % 2 * 16;
        const unsigned shift = (unsigned)(g % 8 / 2 * 2);
        const unsigned bit = (unsigned)(g / 2);
        const int low = g < 8 ? scales[g] & 15 : scales[g - 8] >> 4;
        const int scale = low | (scales[8 + g % 4] >> (g / 4 * 2) & 3) << 4;
        const float d = all * (float)(scale - 32);

        for (size_t i = 0; i < 16; i++) {
            const int quant = (quants[i] >> shift & 3) | (high[i] >> bit & 1) << 2;

            out[16 * g + i] = d * (float)(quant - 4);
        }
    }
}

/* f16 d, f16 m, u8 scales[12], u8 quants[128]. 32 bytes hold two groups of 32 elements: the low
 * halves of the bytes are one group, the high halves the next. */
static inline void block_q4_k_floats(const uint8_t *block, float *out)
{
    const struct scales all = scales_at(block);

    for (size_t g = 0; g < 8; g++) {
        const struct scales s = group_scales(all, block + 4, g);
        const uint8_t *quants = block + 16 + g / 2 * 32;
        const unsigned shift = (unsigned)(g % 2 * 4);

        for (size_t i = 0; i < 32; i++)
            out[32 * g + i] = s.d * (float)(quants[i] >> shift & 15) - s.m;
    }
}

/* f16 d, f16 m, u8 scales[12], u8 high[32], u8 quants[128]. Like Q4_K; bit g of high[i] is the
 * fifth bit of element i of group g. */
static inline void block_q5_k_floats(const uint8_t *block, float *out)
{
    const struct scales all = scales_at(block);

    for (size_t g = 0; g < 8; g++) {
        const struct scales s = group_scales(all, block + 4, g);
        const uint8_t *quants = block + 48 + g / 2 * 32;
        const uint8_t *high = block + 16;
        const unsigned shift = (unsigned)(g % 2 * 4);

        for (size_t i = 0; i < 32; i++) {
            const int quant = (quants[i] >> shift & 15) | (high[i] >> g & 1) << 4;

            out[32 * g + i] = s.d * (float)quant - s.m;
        }
    }
}

/* u8 low[128], u8 high[64], i8 scales[16], f16 d. In each half of 128 elements, run r of 32 has
 * its low 4 bits in half r / 2 of 32 bytes of low, and its high 2 bits in bits 2r and 2r + 1 of
 * 32 bytes of high. */
static inline void block_q6_k_floats(const uint8_t *block, float *out)
{
    const float all = half_at(block + 208);

    for (size_t g = 0; g < 16; g++) { /* a group of 16 elements, half a run */
        const size_t run = g % 8 / 2;
        const uint8_t *low = block + g / 8 * 64 + run % 2 * 32 + g % 2 * 16;
        const uint8_t *high = block + 128 + g / 8 * 32 + g % 2 * 16;
        const unsigned low_shift = (unsigned)(run / 2 * 4);
        const unsigned high_shift = (unsigned)(run * 2);
        const float d = all * (float)signed_byte(block[192 + g]);

        for (size_t i = 0; i < 16; i++) {
            const int quant = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;

            out[16 * g + i] = d * (float)(quant - 32);
        }
    }
}

void unpack_q4_0_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q4_0_floats, BLOCK, 18, row, first, k, out);
}

void unpack_q4_1_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q4_1_floats, BLOCK, 20, row, first, k, out);
}

void unpack_q5_0_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q5_0_floats, BLOCK, 22, row, first, k, out);
}

void unpack_q5_1_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q5_1_floats, BLOCK, 24, row, first, k, out);
}

void unpack_iq4_nl_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_iq4_nl_floats, BLOCK, 18, row, first, k, out);
}

void unpack_q2_k_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q2_k_floats, SUPER_BLOCK, 84, row, first, k, out);
}

void unpack_q3_k_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q3_k_floats, SUPER_BLOCK, 110, row, first, k, out);
}

void unpack_q4_k_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q4_k_floats, SUPER_BLOCK, 144, row, first, k, out);
}

void unpack_q5_k_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q5_k_floats, SUPER_BLOCK, 176, row, first, k, out);
}

void unpack_q6_k_ref(const void *row, size_t first, size_t k, float *out)
{
    unpack_blocks(block_q6_k_floats, SUPER_BLOCK, 210, row, first, k, out);
}
