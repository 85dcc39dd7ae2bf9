/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of ROWS x 16: twelve accumulators, two vectors of b and one of a fill the 16 registers,
 * and twelve independent sums hide the latency of the fused multiply-add. Every element of
 * every tile is the same chain of fused steps in order of l, so its bits depend on nothing
 * else.
 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

enum {
    ROWS = 6,
    /*
     * Steps of l done for all of a before the next ones. A packed panel streams from the second
     * cache as fast as it is used (64 kB a slice), and long rows of a suit the prefetcher;
     * lines of b that lie apart fall into few sets and must stay in the first cache (16 kB).
     */
    DEPTH_PACKED = 1024,
    DEPTH_STRIDED = 256,
};

/* One call, or a slice of it in l. */
struct product {
    size_t k;
    const float *a;
    size_t lda;
    const float *b;
    size_t ldb;
    float *out;
    size_t ldo;
    bool add;
    __m256i live[2]; /* the columns below n */
};

ALWAYS_INLINE __m256 load(const struct product *p, const float *x, size_t half, bool full)
{
    return full ? _mm256_loadu_ps(x + 8 * half)
                : _mm256_maskload_ps(x + 8 * half, p->live[half]);
}

ALWAYS_INLINE void store(const struct product *p, float *x, size_t half, bool full,
                         __m256 value)
{
    if (full)
        _mm256_storeu_ps(x + 8 * half, value);
    else
        _mm256_maskstore_ps(x + 8 * half, p->live[half], value);
}

/* Rows i .. i + rows - 1. rows and full are constants where this is inlined. */
ALWAYS_INLINE void tile(const struct product *p, size_t i, const size_t rows, const bool full)
{
    const size_t lda = p->lda;
    const size_t ldb = p->ldb;
    const float *a = p->a + i * lda;
    const float *b = p->b;
    float *out = p->out + i * p->ldo;
    __m256 sum[ROWS][2];

    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < 2; h++)
            sum[r][h] = p->add ? load(p, out + r * p->ldo, h, full) : _mm256_setzero_ps();
    for (size_t l = 0; l < p->k; l++) {
        const __m256 b0 = load(p, b, 0, full);
        const __m256 b1 = load(p, b, 1, full);

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
            store(p, out + r * p->ldo, h, full, sum[r][h]);
}

/* All m rows; the last ones in a tile of their number. */
ALWAYS_INLINE void tiles(const struct product *p, size_t m, const bool full)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        tile(p, i, ROWS, full);
    switch (m - i) {
    case 5:
        tile(p, i, 5, full);
        break;
    case 4:
        tile(p, i, 4, full);
        break;
    case 3:
        tile(p, i, 3, full);
        break;
    case 2:
        tile(p, i, 2, full);
        break;
    case 1:
        tile(p, i, 1, full);
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

    do { /* once for k = 0 too: it writes zeros */
        p.k = k - done < depth ? k - done : depth;
        if (n == PANEL_AVX2)
            tiles(&p, m, true);
        else
            tiles(&p, m, false);
        done += p.k;
        p.a += p.k;
        p.b += p.k * ldb;
        p.add = true;
    } while (done < k);
}
