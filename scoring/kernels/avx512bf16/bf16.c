/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of ROWS x 32 as in avx512/gemm.c, with two steps of l per instruction. In every tile,
 * an element is the same chain of steps in order of l. So its bits do not depend on the tile.
 */
#include <string.h>

#include "scoring/kernels/avx512bf16/avx512bf16.h"
#include "scoring/kernels/avx512bf16/vector.h"

enum {
    ROWS = 12,
    ROWS_LAST = 4, /* see avx512/gemm.c */
    PANEL = PANEL_AVX512BF16,
    /* Length of a slice along l: 32 kB of a panel stay in the first-level cache. */
    DEPTH = 512,
};

void round_bf16_avx512bf16(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i += 32) {
        const size_t left = n - i;
        const __m512 low = _mm512_maskz_loadu_ps(first_lanes(left), x + i);
        const __m512 high = left > 16
                                ? _mm512_maskz_loadu_ps(first_lanes(left - 16), x + i + 16)
                                : _mm512_setzero_ps();

        _mm512_mask_storeu_epi16(out + i, first_halves(left),
                                 (__m512i)_mm512_cvtne2ps_pbh(high, low));
    }
}

/* Gather two elements from each of 16 rows, at the byte offsets `apart`. */
ALWAYS_INLINE __m512i gather_bf16_pairs(const char *at, __mmask16 live, __m512i apart)
{
    return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), live, apart, at, 1);
}

void pair_bf16_avx512bf16(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                          size_t panel, uint16_t *out)
{
    const __m512i lanes =
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i apart = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)row_bytes));
    const __mmask16 low = first_lanes(n);
    const __mmask16 high = first_lanes(n > 16 ? n - 16 : 0);
    const char *at = (const char *)rows + first * sizeof *out;
    const char *at_high = high ? at + 16 * row_bytes : at;

    (void)panel; /* PANEL */
    for (size_t l = 0; l < k; l += 2) {
        _mm512_storeu_si512(out, gather_bf16_pairs(at, low, apart));
        _mm512_storeu_si512(out + PANEL, gather_bf16_pairs(at_high, high, apart));
        at += 2 * sizeof *out;
        at_high += 2 * sizeof *out;
        out += 2 * PANEL;
    }
}

/*
 * The next slice of b usually follows the current one in memory. Each tile prefetches a part of
 * it into the second-level cache. A prefetch from an address without memory has no effect.
 */
struct product {
    size_t k;
    const uint16_t *a;
    size_t lda;
    const uint16_t *b;
    float *out;
    size_t ldo;
    bool add;
    __mmask16 live[2]; /* masks of the columns below n */
    size_t ahead_step; /* bytes of the next slice to prefetch per step of a tile */
};

ALWAYS_INLINE __m512 gemm_load_bf16(const struct product *p, const float *x, size_t half,
                                    bool full)
{
    return full ? _mm512_loadu_ps(x + 16 * half)
                : _mm512_maskz_loadu_ps(p->live[half], x + 16 * half);
}

ALWAYS_INLINE void gemm_store_bf16(const struct product *p, float *x, size_t half, bool full,
                                   __m512 value)
{
    if (full)
        _mm512_storeu_ps(x + 16 * half, value);
    else
        _mm512_mask_storeu_ps(x + 16 * half, p->live[half], value);
}

/* Compute rows i .. i + rows - 1. rows and full are constants at each call, so that the loops
 * are unrolled. */
ALWAYS_INLINE void gemm_tile_bf16(const struct product *p, size_t i, const size_t rows,
                                  const bool full)
{
    const size_t lda = p->lda;
    const uint16_t *a = p->a + i * lda;
    const uint16_t *b = p->b;
    const char *ahead =
        (const char *)(p->b + p->k * PANEL) + i * (p->k / 2) * p->ahead_step / ROWS;
    float *out = p->out + i * p->ldo;
    __m512 sum[ROWS][2];

    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            sum[r][h] =
                p->add ? gemm_load_bf16(p, out + r * p->ldo, h, full) : _mm512_setzero_ps();
    for (size_t l = 0; l < p->k; l += 2) {
        const __m512bh b0 = (__m512bh)_mm512_loadu_si512(b);
        const __m512bh b1 = (__m512bh)_mm512_loadu_si512(b + PANEL);

        _mm_prefetch(ahead, _MM_HINT_T1);
        ahead += p->ahead_step;
        for (size_t r = 0; r < rows; r++) {
            int pair;

            memcpy(&pair, a + r * lda, sizeof pair);
            const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
            sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, b0);
            sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, b1);
        }
        a += 2;
        b += 2 * PANEL;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            gemm_store_bf16(p, out + r * p->ldo, h, full, sum[r][h]);
}

ALWAYS_INLINE void gemm_tiles_bf16(const struct product *p, size_t m, const bool full)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        gemm_tile_bf16(p, i, ROWS, full);
    for (; m - i >= ROWS_LAST; i += ROWS_LAST)
        gemm_tile_bf16(p, i, ROWS_LAST, full);
    switch (m - i) {
    case 3:
        gemm_tile_bf16(p, i, 3, full);
        break;
    case 2:
        gemm_tile_bf16(p, i, 2, full);
        break;
    case 1:
        gemm_tile_bf16(p, i, 1, full);
        break;
    }
}

void gemm_bf16_avx512bf16(size_t m, size_t n, size_t k, const uint16_t *a, size_t lda,
                          const uint16_t *b, size_t panel, float *out, size_t ldo, bool add)
{
    struct product p = {
        .a = a,
        .lda = lda,
        .b = b,
        .out = out,
        .ldo = ldo,
        .add = add,
        .live = { first_lanes(n), first_lanes(n > 16 ? n - 16 : 0) },
        .ahead_step = 2 * PANEL * sizeof *b * ROWS / (m > ROWS ? m : ROWS),
    };
    size_t done = 0;

    (void)panel; /* PANEL */
    do {         /* also once for k = 0, which writes zeros */
        p.k = k - done < DEPTH ? k - done : DEPTH;
        if (n == PANEL)
            gemm_tiles_bf16(&p, m, true);
        else
            gemm_tiles_bf16(&p, m, false);
        done += p.k;
        p.a += p.k;
        p.b += p.k * PANEL;
        p.add = true;
    } while (done < k);
}
