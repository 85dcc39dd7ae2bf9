/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight rows by eight elements are widened, transposed in registers, and stored as parts of
 * eight panel rows.
 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

#include <string.h>

/* Elements packed into one half of the panel before the other half: a cache line of each row.
 */
enum { STRIP = 32 };

/* Widen count <= 8 elements of a row, from element `at` on. The other lanes are 0. */
ALWAYS_INLINE __m256 widen_f32_avx2(const uint8_t *row, size_t at, size_t count)
{
    const float *x = (const float *)(const void *)(row + 4 * at);

    return load_first(x, count);
}

ALWAYS_INLINE __m128i load_u16_avx2(const uint8_t *row, size_t at, size_t count)
{
    uint16_t halves[8] = { 0 };

    if (count == 8)
        return _mm_loadu_si128((const __m128i *)(const void *)(row + 2 * at));
    memcpy(halves, row + 2 * at, 2 * count);
    return _mm_loadu_si128((const __m128i *)halves);
}

ALWAYS_INLINE __m256 widen_f16_avx2(const uint8_t *row, size_t at, size_t count)
{
    return _mm256_cvtph_ps(load_u16_avx2(row, at, count));
}

ALWAYS_INLINE __m256 widen_bf16_avx2(const uint8_t *row, size_t at, size_t count)
{
    const __m256i wide = _mm256_cvtepu16_epi32(load_u16_avx2(row, at, count));

    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

/* A block has a scale in f16 and 32 signed bytes. So 8 elements are always in one block. */
ALWAYS_INLINE __m256 widen_q8_0_avx2(const uint8_t *row, size_t at, size_t count)
{
    const uint8_t *block = row + at / 32 * 34;
    uint16_t scale;

    (void)count; /* always 8: k is a multiple of 32 */
    memcpy(&scale, block, sizeof scale);
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(block + 2 + at % 32));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)),
                         _mm256_cvtph_ps(_mm_set1_epi16((int16_t)scale)));
}

/* Swap lane j of v[i] and lane i of v[j]. */
ALWAYS_INLINE void transpose_avx2(__m256 v[8])
{
    __m256 t[8];

    for (size_t i = 0; i < 8; i += 2) { /* pairs of rows, interleaved */
        t[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    for (size_t i = 0; i < 8; i += 4) { /* groups of four rows: columns i and i + 4 */
        v[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        v[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        v[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        v[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (size_t i = 0; i < 4; i++) {
        const __m256 low = v[i];
        v[i] = _mm256_permute2f128_ps(low, v[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(low, v[i + 4], 0x31);
    }
}

/* Pack count <= 8 elements of n rows into one half of the panel. */
ALWAYS_INLINE void pack_block_avx2(__m256 (*widen)(const uint8_t *row, size_t at, size_t count),
                                   const uint8_t *rows, size_t row_bytes, size_t n, size_t at,
                                   size_t count, float *out)
{
    __m256 v[8];

    for (size_t r = 0; r < 8; r++)
        v[r] = r < n ? widen(rows + r * row_bytes, at, count) : _mm256_setzero_ps();
    transpose_avx2(v);
    for (size_t l = 0; l < count; l++)
        _mm256_storeu_ps(out + l * PANEL_AVX2, v[l]);
}

/* Pack k <= STRIP elements of n rows into one half of the panel. */
ALWAYS_INLINE void pack_strip_avx2(__m256 (*widen)(const uint8_t *row, size_t at, size_t count),
                                   const uint8_t *rows, size_t row_bytes, size_t n,
                                   size_t first, size_t k, float *out)
{
    size_t l = 0;

    if (n >= 8)
        for (; k - l >= 8; l += 8)
            pack_block_avx2(widen, rows, row_bytes, 8, first + l, 8, out + l * PANEL_AVX2);
    for (; k - l >= 8; l += 8)
        pack_block_avx2(widen, rows, row_bytes, n, first + l, 8, out + l * PANEL_AVX2);
    if (l < k)
        pack_block_avx2(widen, rows, row_bytes, n, first + l, k - l, out + l * PANEL_AVX2);
}

ALWAYS_INLINE void pack_rows_avx2(__m256 (*widen)(const uint8_t *row, size_t at, size_t count),
                                  const uint8_t *rows, size_t row_bytes, size_t n, size_t first,
                                  size_t k, float *out)
{
    for (size_t l = 0; l < k; l += STRIP) {
        const size_t left = k - l < STRIP ? k - l : STRIP;
        float *to = out + l * PANEL_AVX2;

        pack_strip_avx2(widen, rows, row_bytes, n, first + l, left, to);
        if (n > 8)
            pack_strip_avx2(widen, rows + 8 * row_bytes, row_bytes, n - 8, first + l, left,
                            to + 8);
        else
            pack_strip_avx2(widen, rows, row_bytes, 0, first + l, left, to + 8);
    }
}

void pack_f32_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out)
{
    pack_rows_avx2(widen_f32_avx2, rows, row_bytes, n, first, k, out);
}

void pack_f16_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out)
{
    pack_rows_avx2(widen_f16_avx2, rows, row_bytes, n, first, k, out);
}

void pack_bf16_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                    float *out)
{
    pack_rows_avx2(widen_bf16_avx2, rows, row_bytes, n, first, k, out);
}

void pack_q8_0_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                    float *out)
{
    pack_rows_avx2(widen_q8_0_avx2, rows, row_bytes, n, first, k, out);
}
