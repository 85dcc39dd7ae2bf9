/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of ROWS x 16. Twelve accumulators, two vectors of b and one of a fill the 16 registers,
 * and twelve independent sums hide the latency of the fused multiply-add. In every tile, an
 * element is the same chain of fused steps in order of l. So its bits do not depend on the
 * tile.
 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

enum {
    ROWS = 6,
    /*
     * Length of a slice along l, which is done for all rows of a before the next slice. A
     * packed panel streams from the second-level cache as fast as it is used (64 kB per slice),
     * and long rows of a suit the prefetcher. Strided lines of b fall into few cache sets and
     * must stay in the first-level cache (16 kB).
     */
    DEPTH_PACKED = 1024,
    DEPTH_STRIDED = 256,
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
    __m256i live[2]; /* masks of the columns below n */
};

ALWAYS_INLINE __m256 gemm_load_avx2(const struct product *p, const float *x, size_t half,
                                    bool full)
{
    return full ? _mm256_loadu_ps(x + 8 * half)
                : _mm256_maskload_ps(x + 8 * half, p->live[half]);
}

ALWAYS_INLINE void gemm_store_avx2(const struct product *p, float *x, size_t half, bool full,
                                   __m256 value)
{
    if (full)
        _mm256_storeu_ps(x + 8 * half, value);
    else
        _mm256_maskstore_ps(x + 8 * half, p->live[half], value);
}

/* Compute rows i .. i + rows - 1. rows and full are constants at each call, so that the loops
 * are unrolled. */
ALWAYS_INLINE void gemm_tile_avx2(const struct product *p, size_t i, const size_t rows,
                                  const bool full)
{
    const size_t lda = p->lda;
    const size_t ldb = p->ldb;
    const float *a = p->a + i * lda;
    const float *b = p->b;
    float *out = p->out + i * p->ldo;
    __m256 sum[ROWS][2];

    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            sum[r][h] =
                p->add ? gemm_load_avx2(p, out + r * p->ldo, h, full) : _mm256_setzero_ps();
    for (size_t l = 0; l < p->k; l++) {
        const __m256 b0 = gemm_load_avx2(p, b, 0, full);
        const __m256 b1 = gemm_load_avx2(p, b, 1, full);

        for (size_t r = 0; r < rows; r++) {
            const __m256 x = _mm256_broadcast_ss(a + r * lda);
            sum[r][0] = _mm256_fmadd_ps(x, b0, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(x, b1, sum[r][1]);
        }
        a++;
        b += ldb;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            gemm_store_avx2(p, out + r * p->ldo, h, full, sum[r][h]);
}

/* Compute all m rows. The last ones are a smaller tile. */
ALWAYS_INLINE void gemm_tiles_avx2(const struct product *p, size_t m, const bool full)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        gemm_tile_avx2(p, i, ROWS, full);
    switch (m - i) {
    case 5:
        gemm_tile_avx2(p, i, 5, full);
        break;
    case 4:
        gemm_tile_avx2(p, i, 4, full);
        break;
    case 3:
        gemm_tile_avx2(p, i, 3, full);
        break;
    case 2:
        gemm_tile_avx2(p, i, 2, full);
        break;
    case 1:
        gemm_tile_avx2(p, i, 1, full);
        break;
    }
}

void gemm_f32_avx2(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
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
        .live = { first_lanes(n), first_lanes(n > 8 ? n - 8 : 0) },
    };
    const size_t depth = ldb == PANEL_AVX2 ? DEPTH_PACKED : DEPTH_STRIDED;
    size_t done = 0;

    do { /* also once for k = 0, which writes zeros */
        p.k = k - done < depth ? k - done : depth;
        if (n == PANEL_AVX2)
            gemm_tiles_avx2(&p, m, true);
        else
            gemm_tiles_avx2(&p, m, false);
        done += p.k;
        p.a += p.k;
        p.b += p.k * ldb;
        p.add = true;
    } while (done < k);
}
