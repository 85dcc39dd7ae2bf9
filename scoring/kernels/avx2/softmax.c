/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

float max_f32_avx2(const float *x, size_t n)
{
    const __m256 first = _mm256_set1_ps(x[0]);
    __m256 max = first;

    for (size_t i = 0; i < n; i += 8) {
        const __m256 live = _mm256_castsi256_ps(first_lanes(n - i));
        max = _mm256_max_ps(_mm256_blendv_ps(first, load_first(x + i, n - i), live), max);
    }
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(max), _mm256_extractf128_ps(max, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

double exp_sum_avx2(float *x, size_t n, float max)
{
    const __m256 shift = _mm256_set1_ps(max);
    __m256d low = _mm256_setzero_pd();
    __m256d high = _mm256_setzero_pd();

    for (size_t i = 0; i < n; i += 8) {
        const __m256 live = _mm256_castsi256_ps(first_lanes(n - i));
        const __m256 v = exp_lanes(_mm256_sub_ps(load_first(x + i, n - i), shift));
        const __m256 kept = _mm256_and_ps(v, live);

        store_first(x + i, n - i, v);
        low = _mm256_add_pd(low, widen_low(kept));
        high = _mm256_add_pd(high, widen_high(kept));
    }
    return add_lanes(_mm256_add_pd(low, high));
}

double sum_f32_avx2(const float *x, size_t n)
{
    __m256d low = _mm256_setzero_pd();
    __m256d high = _mm256_setzero_pd();

    for (size_t i = 0; i < n; i += 8) {
        const __m256 v = load_first(x + i, n - i);
        low = _mm256_add_pd(low, widen_low(v));
        high = _mm256_add_pd(high, widen_high(v));
    }
    return add_lanes(_mm256_add_pd(low, high));
}
