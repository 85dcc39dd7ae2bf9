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

/* Load 8 floats, or only the first `live`; the others are 0. */
ALWAYS_INLINE __m512d load_eight(const float *x, const size_t live)
{
    return _mm512_cvtps_pd(live == 8 ? _mm256_loadu_ps(x)
                                     : _mm256_maskz_loadu_ps((__mmask8)((1U << live) - 1), x));
}

ALWAYS_INLINE __m256d add_halves(__m512d x)
{
    return _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
}

/* add_lanes() of four vectors, at once. */
ALWAYS_INLINE __m256d add_lanes_of_four(const __m512d x[4])
{
    const __m256d a = add_halves(x[0]), b = add_halves(x[1]);
    const __m256d c = add_halves(x[2]), d = add_halves(x[3]);
    const __m256d ac =
        _mm256_add_pd(_mm256_permute2f128_pd(a, c, 0x20), _mm256_permute2f128_pd(a, c, 0x31));
    const __m256d bd =
        _mm256_add_pd(_mm256_permute2f128_pd(b, d, 0x20), _mm256_permute2f128_pd(b, d, 0x31));

    return _mm256_hadd_pd(ac, bd);
}

/* rows, columns and live are constants at each call, so that the loops are unrolled. */
ALWAYS_INLINE void dots_step_avx512(const float *const *x, const size_t rows,
                                    const float *const *y, const size_t columns, size_t l,
                                    const size_t live, __m512d sum[ROWS][COLUMNS])
{
    __m512d column[COLUMNS];

    for (size_t j = 0; j < columns; j++)
        column[j] = load_eight(y[j] + l, live);
    for (size_t i = 0; i < rows; i++) {
        const __m512d row = load_eight(x[i] + l, live);

        for (size_t j = 0; j < columns; j++)
            sum[i][j] = _mm512_fmadd_pd(row, column[j], sum[i][j]);
    }
}

/* Lanes past the end add 0, which changes no bit: no sum is -0. */
ALWAYS_INLINE void dots_tile_avx512(const float *const *x, const size_t rows,
                                    const float *const *y, const size_t columns, size_t k,
                                    double *out, size_t ldo)
{
    __m512d sum[ROWS][COLUMNS];
    size_t l = 0;

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            sum[i][j] = _mm512_setzero_pd();
    for (; k - l >= 8; l += 8)
        dots_step_avx512(x, rows, y, columns, l, 8, sum);
    if (l < k)
        dots_step_avx512(x, rows, y, columns, l, k - l, sum);
    for (size_t i = 0; i < rows; i++) {
        if (columns == COLUMNS)
            _mm256_storeu_pd(out + i * ldo, add_lanes_of_four(sum[i]));
        for (size_t j = 0; columns < COLUMNS && j < columns; j++)
            out[i * ldo + j] = add_lanes(sum[i][j]);
    }
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

float sum_above_avx512(const float *x, const float *low, const float *high, size_t n)
{
    __m512 sum = _mm512_setzero_ps();

    for (size_t i = 0; i < n; i += 16) {
        const __m512 least = load_first(low + i, n - i);
        const __m512 value = _mm512_max_ps(load_first(x + i, n - i), least);

        sum = _mm512_add_ps(
            sum, _mm512_sub_ps(_mm512_min_ps(value, load_first(high + i, n - i)), least));
    }
    return (float)add_lanes(_mm512_add_pd(widen_low(sum), widen_high(sum)));
}
