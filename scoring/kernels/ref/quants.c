/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the block formats of ggml as bytes with a scale and a minimum.
 */
#include <stdint.h>
#include <string.h>

#include "scoring/kernels/kernels.h"
#include "scoring/kernels/ref/blocks.h"

static inline void read_blocks(void (*decode)(const uint8_t *block, struct weight_int8 *out),
                               size_t groups, size_t block_bytes, const uint8_t *row,
                               size_t first, size_t n, struct weight_int8 *out)
{
    row += first / groups * block_bytes;
    for (size_t b = 0; b < n; b += groups) {
        decode(row, out + b);
        row += block_bytes;
    }
}

static inline void block_q8_0_quants(const uint8_t *block, struct weight_int8 *out)
{
    out->scale = half_at(block);
    out->minimum = 0;
    memcpy(out->q, block + 2, sizeof out->q);
}

static inline void block_q4_0_quants(const uint8_t *block, struct weight_int8 *out)
{
    out->scale = half_at(block);
    out->minimum = 0;
    for (size_t i = 0; i < 16; i++) {
        out->q[i] = (int8_t)((block[2 + i] & 15) - 8);
        out->q[16 + i] = (int8_t)((block[2 + i] >> 4) - 8);
    }
}

static inline void block_q4_1_quants(const uint8_t *block, struct weight_int8 *out)
{
    out->scale = half_at(block);
    out->minimum = half_at(block + 2);
    for (size_t i = 0; i < 16; i++) {
        out->q[i] = (int8_t)(block[4 + i] & 15);
        out->q[16 + i] = (int8_t)(block[4 + i] >> 4);
    }
}

/* Unpack 32 numbers of 5 bits and subtract `zero` from each. */
static inline void five_bits(const uint8_t *nibbles, const uint8_t *high_bits, int zero,
                             int8_t *q)
{
    const uint32_t high = fifth_bits(high_bits);

    for (size_t i = 0; i < 16; i++) {
        q[i] = (int8_t)(((nibbles[i] & 15) | (int)(high >> i & 1) << 4) - zero);
        q[16 + i] = (int8_t)((nibbles[i] >> 4 | (int)(high >> (16 + i) & 1) << 4) - zero);
    }
}

static inline void block_q5_0_quants(const uint8_t *block, struct weight_int8 *out)
{
    out->scale = half_at(block);
    out->minimum = 0;
    five_bits(block + 6, block + 2, 16, out->q);
}

static inline void block_q5_1_quants(const uint8_t *block, struct weight_int8 *out)
{
    out->scale = half_at(block);
    out->minimum = half_at(block + 2);
    five_bits(block + 8, block + 4, 0, out->q);
}

static inline void block_iq4_nl_quants(const uint8_t *block, struct weight_int8 *out)
{
    out->scale = half_at(block);
    out->minimum = 0;
    for (size_t i = 0; i < 16; i++) {
        out->q[i] = iq4_nl_values[block[2 + i] & 15];
        out->q[16 + i] = iq4_nl_values[block[2 + i] >> 4];
    }
}

static inline void block_q4_k_quants(const uint8_t *block, struct weight_int8 *out)
{
    const struct scales all = scales_at(block);

    for (size_t g = 0; g < 8; g++) {
        const struct scales s = group_scales(all, block + 4, g);
        const uint8_t *bytes = block + 16 + g / 2 * 32;
        const unsigned shift = (unsigned)(g % 2 * 4);

        out[g].scale = s.d;
        out[g].minimum = -s.m;
        for (size_t i = 0; i < 32; i++)
            out[g].q[i] = (int8_t)(bytes[i] >> shift & 15);
    }
}

static inline void block_q5_k_quants(const uint8_t *block, struct weight_int8 *out)
{
    const struct scales all = scales_at(block);

    for (size_t g = 0; g < 8; g++) {
        const struct scales s = group_scales(all, block + 4, g);
        const uint8_t *bytes = block + 48 + g / 2 * 32;
        const uint8_t *high = block + 16;
        const unsigned shift = (unsigned)(g % 2 * 4);

        out[g].scale = s.d;
        out[g].minimum = -s.m;
        for (size_t i = 0; i < 32; i++)
            out[g].q[i] = (int8_t)((bytes[i] >> shift & 15) | (high[i] >> g & 1) << 4);
    }
}

void quants_q8_0_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q8_0_quants, 1, 34, row, first, n, out);
}

void quants_q4_0_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q4_0_quants, 1, 18, row, first, n, out);
}

void quants_q4_1_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q4_1_quants, 1, 20, row, first, n, out);
}

void quants_q5_0_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q5_0_quants, 1, 22, row, first, n, out);
}

void quants_q5_1_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q5_1_quants, 1, 24, row, first, n, out);
}

void quants_iq4_nl_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_iq4_nl_quants, 1, 18, row, first, n, out);
}

void quants_q4_k_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q4_k_quants, 8, 144, row, first, n, out);
}

void quants_q5_k_ref(const void *row, size_t first, size_t n, struct weight_int8 *out)
{
    read_blocks(block_q5_k_quants, 8, 176, row, first, n, out);
}
