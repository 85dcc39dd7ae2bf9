/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights are read from a file byte by byte: they are unaligned, and little-endian on any CPU.
 */
#include "scoring/kernels/ref/ref.h"

#include <stdint.h>
#include <string.h>

static float float_from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t load_u16_ref(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* IEEE binary16 to binary32. Exact. */
static float widen_f16_ref(uint32_t half)
{
    const uint32_t sign = (half & 0x8000) << 16;
    const uint32_t exponent = half >> 10 & 0x1f;
    const uint32_t fraction = half & 0x3ff;

    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact in a float */
        const float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    if (exponent == 0x1f) /* infinity or NaN */
        return float_from_bits(sign | 0x7f800000 | fraction << 13);
    return float_from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

float half_at(const uint8_t *p)
{
    return widen_f16_ref(load_u16_ref(p));
}

static float element_f32(const uint8_t *row, size_t i)
{
    const uint8_t *p = row + 4 * i;

    return float_from_bits(load_u16_ref(p) | load_u16_ref(p + 2) << 16);
}

static float element_f16(const uint8_t *row, size_t i)
{
    return half_at(row + 2 * i);
}

static float element_bf16(const uint8_t *row, size_t i)
{
    return float_from_bits(load_u16_ref(row + 2 * i) << 16);
}

/* A block has a scale in f16, then 32 signed bytes. The product of 11 and 8 bits is exact. */
static float element_q8_0(const uint8_t *row, size_t i)
{
    const uint8_t *block = row + i / 32 * 34;
    const int q = block[2 + i % 32];

    return half_at(block) * (float)(q < 128 ? q : q - 256);
}

static inline void pack_rows_ref(float (*element)(const uint8_t *row, size_t i),
                                 const uint8_t *rows, size_t row_bytes, size_t n, size_t first,
                                 size_t k, float *out)
{
    for (size_t l = 0; l < k; l++) {
        for (size_t j = 0; j < n; j++)
            out[l * PANEL_REF + j] = element(rows + j * row_bytes, first + l);
        for (size_t j = n; j < PANEL_REF; j++)
            out[l * PANEL_REF + j] = 0;
    }
}

void pack_f32_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                  float *out)
{
    pack_rows_ref(element_f32, rows, row_bytes, n, first, k, out);
}

void pack_f16_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                  float *out)
{
    pack_rows_ref(element_f16, rows, row_bytes, n, first, k, out);
}

void pack_bf16_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out)
{
    pack_rows_ref(element_bf16, rows, row_bytes, n, first, k, out);
}

void pack_q8_0_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out)
{
    pack_rows_ref(element_q8_0, rows, row_bytes, n, first, k, out);
}
