/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of ROWS x 32. 24 accumulators, two vectors of b and one of a use 27 of the 32
 * registers. In every tile, an element is the same chain of fused steps in order of l. So its
 * bits do not depend on the tile.
 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

enum {
    ROWS = 12,
    /* Rows of the last tiles, if they do not fill a larger one: eight sums still hide the
     * latency. */
    ROWS_LAST = 4,
    /* As in avx2/gemm.c: 128 kB of a packed panel per slice, 16 kB of strided lines. */
    DEPTH_PACKED = 1024,
    DEPTH_STRIDED = 128,
};

/* One call, or a slice of it along l. */
struct product {
    size_t k;
    const float *a;
    size_t lda;
    const float *b;
    size_t ldb;
    float *out;
    size_t ldo;
    bool add;
    __mmask16 live[2]; /* masks of the columns below n */
};

ALWAYS_INLINE __m512 gemm_load_avx512(const struct product *p, const float *x, size_t half,
                                      bool full)
{
    return full ? _mm512_loadu_ps(x + 16 * half)
                : _mm512_maskz_loadu_ps(p->live[half], x + 16 * half);
}

ALWAYS_INLINE void gemm_store_avx512(const struct product *p, float *x, size_t half, bool full,
                                     __m512 value)
{
    if (full)
        _mm512_storeu_ps(x + 16 * half, value);
    else
        _mm512_mask_storeu_ps(x + 16 * half, p->live[half], value);
}

/* Compute rows i .. i + rows - 1. rows and full are constants at each call, so that the loops
 * are unrolled. */
ALWAYS_INLINE void gemm_tile_avx512(const struct product *p, size_t i, const size_t rows,
                                    const bool full)
{
    const size_t lda = p->lda;
    const size_t ldb = p->ldb;
    const float *a = p->a + i * lda;
    const float *b = p->b;
    float *out = p->out + i * p->ldo;
    __m512 sum[ROWS][2];

    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            sum[r][h] =
                p->add ? gemm_load_avx512(p, out + r * p->ldo, h, full) : _mm512_setzero_ps();
    for (size_t l = 0; l < p->k; l++) {
        const __m512 b0 = gemm_load_avx512(p, b, 0, full);
        const __m512 b1 = gemm_load_avx512(p, b, 1, full);

        for (size_t r = 0; r < rows; r++) {
            const __m512 x = _mm512_set1_ps(a[r * lda]);
            sum[r][0] = _mm512_fmadd_ps(x, b0, sum[r][0]);
            sum[r][1] = _mm512_fmadd_ps(x, b1, sum[r][1]);
        }
        a++;
        b += ldb;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            gemm_store_avx512(p, out + r * p->ldo, h, full, sum[r][h]);
}

ALWAYS_INLINE void gemm_tiles_avx512(const struct product *p, size_t m, const bool full)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        gemm_tile_avx512(p, i, ROWS, full);
    for (; m - i >= ROWS_LAST; i += ROWS_LAST)
        gemm_tile_avx512(p, i, ROWS_LAST, full);
    switch (m - i) {
    case 3:
        gemm_tile_avx512(p, i, 3, full);
        break;
    case 2:
        gemm_tile_avx512(p, i, 2, full);
        break;
    case 1:
        gemm_tile_avx512(p, i, 1, full);
        break;
    }
}

void gemm_f32_avx512(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                     size_t ldb, float *out, size_t ldo, bool add)
{
    struct product p = {
        .a = a,
        .lda = lda,
        .b = b,
        .ldb = ldb,
        .out = out,
        .ldo = ldo,
        .add = add,
        .live = { first_lanes(n), first_lanes(n > 16 ? n - 16 : 0) },
    };
    const size_t depth = ldb == PANEL_AVX512 ? DEPTH_PACKED : DEPTH_STRIDED;
    size_t done = 0;

    do { /* also once for k = 0, which writes zeros */
        p.k = k - done < depth ? k - done : depth;
        if (n == PANEL_AVX512)
            gemm_tiles_avx512(&p, m, true);
        else
            gemm_tiles_avx512(&p, m, false);
        done += p.k;
        p.a += p.k;
        p.b += p.k * ldb;
        p.add = true;
    } while (done < k);
}
