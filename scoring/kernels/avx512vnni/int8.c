/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of ROWS x 32. Each element has an integer sum over the current block and a float sum
 * over the blocks before it: 24 accumulators of 32 registers. Integer sums are exact in any
 * order. The float sum of an element is the same chain of steps, in order of blocks, in every
 * tile.
 */
#include <immintrin.h>
#include <string.h>

#include "scoring/kernels/avx512vnni/avx512vnni.h"
#include "scoring/kernels/kernels.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { ROWS = 6, PANEL = PANEL_AVX512VNNI };

void quantise_int8_avx512vnni(const float *x, size_t n, struct act_int8 *out)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);

    for (size_t b = 0; b < n; b++, x += INT8_BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(x);
        const __m512 x1 = _mm512_loadu_ps(x + 16);
        /* Without their sign bits, floats compare like integers, and NaN is above infinity. */
        const __m512i largest0 = _mm512_and_si512(_mm512_castps_si512(x0), magnitude);
        const __m512i largest1 = _mm512_and_si512(_mm512_castps_si512(x1), magnitude);
        const int bits = _mm512_reduce_max_epi32(_mm512_max_epi32(largest0, largest1));
        __m512i q0 = _mm512_setzero_si512();
        __m512i q1 = _mm512_setzero_si512();
        float largest;

        memcpy(&largest, &bits, sizeof largest);
        out[b].scale = largest * (1.0f / 127);
        if (largest >= INT8_MAGNITUDE_MIN && largest <= INT8_MAGNITUDE_MAX) {
            const __m512 inverse = _mm512_set1_ps(127 / largest);

            q0 = _mm512_cvtps_epi32(_mm512_mul_ps(x0, inverse));
            q1 = _mm512_cvtps_epi32(_mm512_mul_ps(x1, inverse));
        } else if (largest < INT8_MAGNITUDE_MIN) {
            out[b].scale = 0;
        }
        _mm_storeu_si128((__m128i *)(void *)out[b].q, _mm512_cvtepi32_epi8(q0));
        _mm_storeu_si128((__m128i *)(void *)(out[b].q + 16), _mm512_cvtepi32_epi8(q1));
        const int sum = _mm512_reduce_add_epi32(_mm512_add_epi32(q0, q1));
        out[b].shift = -128 * sum;
        out[b].sum = out[b].scale * (float)sum;
    }
}

/* Gather four bytes from the blocks of 16 rows, which are `apart` bytes from each other. */
ALWAYS_INLINE __m512i gather_int8_fours(const void *at, __mmask16 live, int apart)
{
    const __m512i rows = _mm512_mullo_epi32(
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
        _mm512_set1_epi32(apart));

    return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), live, rows, at, 1);
}

/* Pack 16 columns of one block of a panel. */
ALWAYS_INLINE void pack_int8_block(const struct weight_int8 *block, __mmask16 live, int apart,
                                   uint8_t *out)
{
    const __m512i up = _mm512_maskz_set1_epi32(live, (int)0x80808080); /* q + 128 */

    for (size_t l = 0; l < INT8_BLOCK; l += 4)
        _mm512_storeu_si512(out + l * PANEL,
                            _mm512_xor_si512(gather_int8_fours(block->q + l, live, apart), up));
    out += INT8_BLOCK * PANEL;
    _mm512_storeu_si512(out, gather_int8_fours(&block->scale, live, apart));
    _mm512_storeu_si512(out + 4 * PANEL, gather_int8_fours(&block->minimum, live, apart));
}

void pack_int8_avx512vnni(const struct weight_int8 *rows, size_t stride, size_t n,
                          size_t n_blocks, size_t panel, uint8_t *out)
{
    const unsigned live = n < 32 ? (1u << n) - 1 : 0xffffffffu;
    const size_t apart = stride * sizeof *rows;

    (void)panel; /* PANEL */
    for (size_t b = 0; b < n_blocks; b++, out += INT8_BYTES * PANEL) {
        pack_int8_block(&rows[b], (__mmask16)(live & 0xffff), (int)apart, out);
        pack_int8_block(&rows[n > 16 ? 16 * stride + b : b], (__mmask16)(live >> 16),
                        (int)apart, out + 64);
    }
}

/* One call. Prefetches like avx512bf16/bf16.c. */
struct product {
    size_t n_blocks;
    const struct act_int8 *a;
    size_t lda;
    const uint8_t *b;
    float *out;
    size_t ldo;
    bool add;
    __mmask16 live[2]; /* masks of the columns below n */
    size_t ahead_step; /* bytes of the next slice to prefetch per block of a tile */
};

/* Compute the integer sums of one block. rows is a constant at each call. */
ALWAYS_INLINE void int8_block_products(const struct act_int8 *a, size_t lda, const uint8_t *b,
                                       const size_t rows, __m512i whole[ROWS][2])
{
    for (size_t r = 0; r < rows; r++)
        whole[r][0] = whole[r][1] = _mm512_set1_epi32(a[r * lda].shift);
    for (size_t l = 0; l < INT8_BLOCK; l += 4) {
        const __m512i b0 = _mm512_loadu_si512(b + l * PANEL);
        const __m512i b1 = _mm512_loadu_si512(b + l * PANEL + 64);

        for (size_t r = 0; r < rows; r++) {
            int four;

            memcpy(&four, a[r * lda].q + l, sizeof four);
            const __m512i x = _mm512_set1_epi32(four);
            whole[r][0] = _mm512_dpbusd_epi32(whole[r][0], b0, x);
            whole[r][1] = _mm512_dpbusd_epi32(whole[r][1], b1, x);
        }
    }
}

/* Compute rows i .. i + rows - 1. rows and minima are constants at each call, so that the loops
 * are unrolled. */
ALWAYS_INLINE void gemm_tile_int8(const struct product *p, size_t i, const size_t rows,
                                  const bool minima)
{
    const struct act_int8 *a = p->a + i * p->lda;
    const uint8_t *b = p->b;
    const uint8_t *ahead =
        b + p->n_blocks * INT8_BYTES * PANEL + i * p->n_blocks * p->ahead_step / ROWS;
    float *out = p->out + i * p->ldo;
    __m512 sum[ROWS][2];

    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            sum[r][h] = p->add ? _mm512_maskz_loadu_ps(p->live[h], out + r * p->ldo + 16 * h)
                               : _mm512_setzero_ps();
    for (size_t block = 0; block < p->n_blocks; block++) {
        const uint8_t *scales = b + INT8_BLOCK * PANEL;
        __m512i whole[ROWS][2];

        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        ahead += p->ahead_step;
        int8_block_products(a, p->lda, b, rows, whole);
        for (size_t h = 0; h < 2; h++) {
            const __m512 scale = _mm512_loadu_ps(scales + 64 * h);
            const __m512 minimum = _mm512_loadu_ps(scales + 4 * PANEL + 64 * h);

            for (size_t r = 0; r < rows; r++) {
                const struct act_int8 *act = &a[r * p->lda];
                const __m512 both = _mm512_mul_ps(_mm512_set1_ps(act->scale), scale);

                sum[r][h] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole[r][h]), both, sum[r][h]);
                if (minima)
                    sum[r][h] = _mm512_fmadd_ps(_mm512_set1_ps(act->sum), minimum, sum[r][h]);
            }
        }
        a++;
        b += INT8_BYTES * PANEL;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            _mm512_mask_storeu_ps(out + r * p->ldo + 16 * h, p->live[h], sum[r][h]);
}

ALWAYS_INLINE void gemm_tiles_int8(const struct product *p, size_t m, const bool minima)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        gemm_tile_int8(p, i, ROWS, minima);
    switch (m - i) {
    case 5:
        gemm_tile_int8(p, i, 5, minima);
        break;
    case 4:
        gemm_tile_int8(p, i, 4, minima);
        break;
    case 3:
        gemm_tile_int8(p, i, 3, minima);
        break;
    case 2:
        gemm_tile_int8(p, i, 2, minima);
        break;
    case 1:
        gemm_tile_int8(p, i, 1, minima);
        break;
    }
}

void gemm_int8_avx512vnni(size_t m, size_t n, size_t n_blocks, const struct act_int8 *a,
                          size_t lda, const uint8_t *b, size_t panel, bool minima, float *out,
                          size_t ldo, bool add)
{
    const unsigned live = n < 32 ? (1u << n) - 1 : 0xffffffffu;
    const struct product p = {
        .n_blocks = n_blocks,
        .a = a,
        .lda = lda,
        .b = b,
        .out = out,
        .ldo = ldo,
        .add = add,
        .live = { (__mmask16)(live & 0xffff), (__mmask16)(live >> 16) },
        .ahead_step = (size_t)INT8_BYTES * PANEL * ROWS / (m > ROWS ? m : ROWS),
    };

    (void)panel; /* PANEL */
    if (minima)
        gemm_tiles_int8(&p, m, true);
    else
        gemm_tiles_int8(&p, m, false);
}
