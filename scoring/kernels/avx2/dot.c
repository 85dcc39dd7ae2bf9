/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

/* Products of floats are exact in double, so fused steps round as the reference does. */
double dot_f32_avx2(const float *x, const float *y, size_t n)
{
    __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
    double sum[8];
    size_t l = 0;

    for (; n - l >= 8; l += 8) {
        low = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + l)),
                              _mm256_cvtps_pd(_mm_loadu_ps(y + l)), low);
        high = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + l + 4)),
                               _mm256_cvtps_pd(_mm_loadu_ps(y + l + 4)), high);
    }
    _mm256_storeu_pd(sum, low);
    _mm256_storeu_pd(sum + 4, high);
    for (size_t i = 0; l + i < n; i++)
        sum[i] += (double)x[l + i] * (double)y[l + i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* 12 sums of 4 lanes, and a load of each side, fill the registers. */
enum { ROWS = 3, COLUMNS = 2 };

/* Load the low or high half of 8 floats, of which the first `live` are read; the others are 0.
 */
ALWAYS_INLINE __m256d half_avx2(const float *x, size_t half, size_t live)
{
    if (live >= 8)
        return _mm256_cvtps_pd(_mm_loadu_ps(x + 4 * half));
    const __m256i mask = first_lanes(live);
    return _mm256_cvtps_pd(_mm_maskload_ps(
        x + 4 * half, half ? _mm256_extracti128_si256(mask, 1) : _mm256_castsi256_si128(mask)));
}

ALWAYS_INLINE void dots_step_avx2(const float *const *x, const size_t rows,
                                  const float *const *y, const size_t columns, size_t l,
                                  const size_t live, __m256d sum[ROWS][COLUMNS][2])
{
    for (size_t h = 0; h < 2; h++) {
        __m256d column[COLUMNS];

        for (size_t j = 0; j < columns; j++)
            column[j] = half_avx2(y[j] + l, h, live);
        for (size_t i = 0; i < rows; i++) {
            const __m256d row = half_avx2(x[i] + l, h, live);

            for (size_t j = 0; j < columns; j++)
                sum[i][j][h] = _mm256_fmadd_pd(row, column[j], sum[i][j][h]);
        }
    }
}

/* rows and columns are constants at each call, so that the loops are unrolled. Lanes past the
 * end add 0, which changes no bit: no sum is -0. */
ALWAYS_INLINE void dots_tile_avx2(const float *const *x, const size_t rows,
                                  const float *const *y, const size_t columns, size_t k,
                                  double *out, size_t ldo)
{
    __m256d sum[ROWS][COLUMNS][2];
    size_t l = 0;

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            sum[i][j][0] = sum[i][j][1] = _mm256_setzero_pd();
    for (; k - l >= 8; l += 8)
        dots_step_avx2(x, rows, y, columns, l, 8, sum);
    if (l < k)
        dots_step_avx2(x, rows, y, columns, l, k - l, sum);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[i * ldo + j] = add_lanes(_mm256_add_pd(sum[i][j][0], sum[i][j][1]));
}

ALWAYS_INLINE void dots_rows_avx2(const float *const *x, const size_t rows,
                                  const float *const *y, size_t n, size_t k, double *out,
                                  size_t ldo)
{
    size_t j = 0;

    for (; n - j >= COLUMNS; j += COLUMNS)
        dots_tile_avx2(x, rows, y + j, COLUMNS, k, out + j, ldo);
    for (; j < n; j++)
        dots_tile_avx2(x, rows, y + j, 1, k, out + j, ldo);
}

void dots_f32_avx2(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                   double *out, size_t ldo)
{
    size_t i = 0;

    for (; m - i >= ROWS; i += ROWS)
        dots_rows_avx2(x + i, ROWS, y, n, k, out + i * ldo, ldo);
    for (; i < m; i++)
        dots_rows_avx2(x + i, 1, y, n, k, out + i * ldo, ldo);
}

float sum_above_avx2(const float *x, const float *low, const float *high, size_t n)
{
    __m256 sum = _mm256_setzero_ps();

    for (size_t i = 0; i < n; i += 8) {
        const __m256 least = load_first(low + i, n - i);
        const __m256 value = _mm256_max_ps(load_first(x + i, n - i), least);

        sum = _mm256_add_ps(
            sum, _mm256_sub_ps(_mm256_min_ps(value, load_first(high + i, n - i)), least));
    }
    return (float)add_lanes(_mm256_add_pd(widen_low(sum), widen_high(sum)));
}
