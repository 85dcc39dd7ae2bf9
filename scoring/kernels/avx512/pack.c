/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sixteen rows by sixteen elements are widened, transposed in registers, and stored as parts of
 * sixteen panel rows.
 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

#include <string.h>

/* Elements packed into one half of the panel before the other half: two cache lines of each
 * row. */
enum { STRIP = 32 };

/* Widen count <= 16 elements of a row, from element `at` on. The other lanes are 0. */
ALWAYS_INLINE __m512 widen_f32_avx512(const uint8_t *row, size_t at, size_t count)
{
    return load_first((const float *)(const void *)(row + 4 * at), count);
}

ALWAYS_INLINE __m512 widen_f16_avx512(const uint8_t *row, size_t at, size_t count)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(count), row + 2 * at));
}

ALWAYS_INLINE __m512 widen_bf16_avx512(const uint8_t *row, size_t at, size_t count)
{
    const __m256i halves = _mm256_maskz_loadu_epi16(first_lanes(count), row + 2 * at);

    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/* A block has a scale in f16 and 32 signed bytes. So 16 elements are always in one block. */
ALWAYS_INLINE __m512 widen_q8_0_avx512(const uint8_t *row, size_t at, size_t count)
{
    const uint8_t *block = row + at / 32 * 34;
    uint16_t scale;

    (void)count; /* always 16: first and k are multiples of 32 */
    memcpy(&scale, block, sizeof scale);
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(block + 2 + at % 32));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)),
                         _mm512_cvtph_ps(_mm256_set1_epi16((int16_t)scale)));
}

/*
 * Swap lane j of v[i] and lane i of v[j]. First transpose each 4 x 4 square, which is a quarter
 * of four registers. Then exchange the squares.
 */
ALWAYS_INLINE void transpose_avx512(__m512 v[16])
{
    __m512 t[16];

    for (size_t i = 0; i < 16; i += 2) { /* pairs of rows, interleaved */
        t[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    for (size_t i = 0; i < 16; i += 4) { /* quarter q of v[i + c]: column 4q + c of 4 rows */
        v[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        v[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
        v[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        v[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (size_t c = 0; c < 4; c++) { /* the even quarters of two squares, then the odd ones */
        t[c] = _mm512_shuffle_f32x4(v[c], v[4 + c], 0x88);
        t[4 + c] = _mm512_shuffle_f32x4(v[c], v[4 + c], 0xdd);
        t[8 + c] = _mm512_shuffle_f32x4(v[8 + c], v[12 + c], 0x88);
        t[12 + c] = _mm512_shuffle_f32x4(v[8 + c], v[12 + c], 0xdd);
    }
    for (size_t c = 0; c < 4; c++) {
        v[c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0x88);
        v[4 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0x88);
        v[8 + c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0xdd);
        v[12 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0xdd);
    }
}

/* Pack count <= 16 elements of n rows into one half of the panel. */
ALWAYS_INLINE void pack_block_avx512(__m512 (*widen)(const uint8_t *row, size_t at,
                                                     size_t count),
                                     const uint8_t *rows, size_t row_bytes, size_t n, size_t at,
                                     size_t count, float *out)
{
    __m512 v[16];

    for (size_t r = 0; r < 16; r++)
        v[r] = r < n ? widen(rows + r * row_bytes, at, count) : _mm512_setzero_ps();
    transpose_avx512(v);
    for (size_t l = 0; l < count; l++)
        _mm512_storeu_ps(out + l * PANEL_AVX512, v[l]);
}

/* Pack k <= STRIP elements of n rows into one half of the panel. */
ALWAYS_INLINE void pack_strip_avx512(__m512 (*widen)(const uint8_t *row, size_t at,
                                                     size_t count),
                                     const uint8_t *rows, size_t row_bytes, size_t n,
                                     size_t first, size_t k, float *out)
{
    size_t l = 0;

    if (n >= 16)
        for (; k - l >= 16; l += 16)
            pack_block_avx512(widen, rows, row_bytes, 16, first + l, 16,
                              out + l * PANEL_AVX512);
    for (; k - l >= 16; l += 16)
        pack_block_avx512(widen, rows, row_bytes, n, first + l, 16, out + l * PANEL_AVX512);
    if (l < k)
        pack_block_avx512(widen, rows, row_bytes, n, first + l, k - l, out + l * PANEL_AVX512);
}

ALWAYS_INLINE void pack_rows_avx512(__m512 (*widen)(const uint8_t *row, size_t at,
                                                    size_t count),
                                    const uint8_t *rows, size_t row_bytes, size_t n,
                                    size_t first, size_t k, float *out)
{
    for (size_t l = 0; l < k; l += STRIP) {
        const size_t left = k - l < STRIP ? k - l : STRIP;
        float *to = out + l * PANEL_AVX512;

        pack_strip_avx512(widen, rows, row_bytes, n, first + l, left, to);
        if (n > 16)
            pack_strip_avx512(widen, rows + 16 * row_bytes, row_bytes, n - 16, first + l, left,
                              to + 16);
        else
            pack_strip_avx512(widen, rows, row_bytes, 0, first + l, left, to + 16);
    }
}

void pack_f32_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                     float *out)
{
    pack_rows_avx512(widen_f32_avx512, rows, row_bytes, n, first, k, out);
}

void pack_f16_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                     float *out)
{
    pack_rows_avx512(widen_f16_avx512, rows, row_bytes, n, first, k, out);
}

void pack_bf16_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      float *out)
{
    pack_rows_avx512(widen_bf16_avx512, rows, row_bytes, n, first, k, out);
}

void pack_q8_0_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      float *out)
{
    pack_rows_avx512(widen_q8_0_avx512, rows, row_bytes, n, first, k, out);
}
