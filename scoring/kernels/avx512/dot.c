/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

/* As in avx2/dot.c: a fused step rounds as the reference does. */
double dot_f32_avx512(const float *x, const float *y, size_t n)
{
    __m512d total = _mm512_setzero_pd();
    double sum[8];
    size_t l = 0;

    for (; n - l >= 8; l += 8)
        total = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(x + l)),
                                _mm512_cvtps_pd(_mm256_loadu_ps(y + l)), total);
    _mm512_storeu_pd(sum, total);
    for (size_t i = 0; l + i < n; i++)
        sum[i] += (double)x[l + i] * (double)y[l + i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* 16 sums: enough to hide the latency of the fused steps, and two of them for each load. */
enum { ROWS = 4, COLUMNS = 4 };

/* rows and columns are constants at each call, so that the loops are unrolled. Lanes past the
 * end add 0, which changes no bit: no sum is -0. */
ALWAYS_INLINE void dots_tile_avx512(const float *const *x, const size_t rows,
                                    const float *const *y, const size_t columns, size_t k,
                                    double *out, size_t ldo)
{
    __m512d sum[ROWS][COLUMNS];

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            sum[i][j] = _mm512_setzero_pd();
    for (size_t l = 0; l < k; l += 8) {
        const __mmask8 live = (__mmask8)(k - l < 8 ? (1U << (k - l)) - 1 : 0xff);
        __m512d column[COLUMNS];

        for (size_t j = 0; j < columns; j++)
            column[j] = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(live, y[j] + l));
        for (size_t i = 0; i < rows; i++) {
            const __m512d row = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(live, x[i] + l));

            for (size_t j = 0; j < columns; j++)
                sum[i][j] = _mm512_fmadd_pd(row, column[j], sum[i][j]);
        }
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[i * ldo + j] = add_lanes(sum[i][j]);
}

ALWAYS_INLINE void dots_rows_avx512(const float *const *x, const size_t rows,
                                    const float *const *y, size_t n, size_t k, double *out,
                                    size_t ldo)
{
    size_t j = 0;

    for (; n - j >= COLUMNS; j += COLUMNS)
        dots_tile_avx512(x, rows, y + j, COLUMNS, k, out + j, ldo);
    for (; j < n; j++)
        dots_tile_avx512(x, rows, y + j, 1, k, out + j, ldo);
}

void dots_f32_avx512(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                     double *out, size_t ldo)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        dots_rows_avx512(x + i, ROWS, y, n, k, out + i * ldo, ldo);
    for (; i < m; i++)
        dots_rows_avx512(x + i, 1, y, n, k, out + i * ldo, ldo);
}
