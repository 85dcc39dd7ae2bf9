/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks.h - shared by the readers of ggml's block formats (fields as in ggml-common.h).
 *
 * Blocks are read byte by byte: they are unaligned, and little-endian on any CPU.
 */
#ifndef CURATE_REF_BLOCKS_H
#define CURATE_REF_BLOCKS_H

#include <stdint.h>

#include "scoring/kernels/ref/ref.h"

/* d is the scale of all elements, m the minimum. */
struct scales {
    float d, m;
};

static inline struct scales scales_at(const uint8_t *p)
{
    return (struct scales){ half_at(p), half_at(p + 2) };
}

static inline int signed_byte(uint8_t byte)
{
    return byte < 128 ? byte : byte - 256;
}

/* The fifth bits of 32 elements; element i is bit i. */
static inline uint32_t fifth_bits(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Scale and minimum of group j of 32 elements in Q4_K and Q5_K. The eight pairs of 6-bit
 * numbers are packed in 12 bytes. */
static inline struct scales group_scales(struct scales s, const uint8_t *packed, size_t j)
{
    int d, m;

    if (j < 4) {
        d = packed[j] & 63;
        m = packed[j + 4] & 63;
    } else {
        d = (packed[j + 4] & 15) | packed[j - 4] >> 6 << 4;
        m = packed[j + 4] >> 4 | packed[j] >> 6 << 4;
    }
    return (struct scales){ s.d * (float)d, s.m * (float)m };
}

/* The values of IQ4_NL are closer together around 0, where most weights are. */
static const int8_t iq4_nl_values[16] = { -127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113 };

#endif
