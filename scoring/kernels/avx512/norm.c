/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512/avx512.h"

#include <math.h>

#include "scoring/kernels/avx512/vector.h"

static double sum_squares_avx512(const float *x, size_t n)
{
    __m512d low = _mm512_setzero_pd();
    __m512d high = _mm512_setzero_pd();

    for (size_t i = 0; i < n; i += 16) {
        const __m512 v = load_first(x + i, n - i);
        low = _mm512_fmadd_pd(widen_low(v), widen_low(v), low);
        high = _mm512_fmadd_pd(widen_high(v), widen_high(v), high);
    }
    return add_lanes(_mm512_add_pd(low, high));
}

void rms_norm_avx512(const float *x, const float *weight, size_t n, float epsilon, float *out)
{
    const double mean = sum_squares_avx512(x, n) / (double)n;
    const __m512 scale = _mm512_set1_ps((float)(1 / sqrt(mean + (double)epsilon)));

    for (size_t i = 0; i < n; i += 16) {
        const __m512 v = _mm512_mul_ps(load_first(x + i, n - i), scale);
        store_first(out + i, n - i, _mm512_mul_ps(v, load_first(weight + i, n - i)));
    }
}
