/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx2/avx2.h"

#include <math.h>

#include "scoring/kernels/avx2/vector.h"

static double sum_squares_avx2(const float *x, size_t n)
{
    __m256d low = _mm256_setzero_pd();
    __m256d high = _mm256_setzero_pd();

    for (size_t i = 0; i < n; i += 8) {
        const __m256 v = load_first(x + i, n - i);
        low = _mm256_fmadd_pd(widen_low(v), widen_low(v), low);
        high = _mm256_fmadd_pd(widen_high(v), widen_high(v), high);
    }
    return add_lanes(_mm256_add_pd(low, high));
}

void rms_norm_avx2(const float *x, const float *weight, size_t n, float epsilon, float *out)
{
    const double mean = sum_squares_avx2(x, n) / (double)n;
    const __m256 scale = _mm256_set1_ps((float)(1 / sqrt(mean + (double)epsilon)));

    for (size_t i = 0; i < n; i += 8) {
        const __m256 v = _mm256_mul_ps(load_first(x + i, n - i), scale);
        store_first(out + i, n - i, _mm256_mul_ps(v, load_first(weight + i, n - i)));
    }
}
