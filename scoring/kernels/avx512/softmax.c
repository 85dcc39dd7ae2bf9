/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

float max_f32_avx512(const float *x, size_t n)
{
    const __m512 first = _mm512_set1_ps(x[0]);
    __m512 max = first;

    for (size_t i = 0; i < n; i += 16)
        max = _mm512_max_ps(_mm512_mask_loadu_ps(first, first_lanes(n - i), x + i), max);
    return _mm512_reduce_max_ps(max);
}

double exp_sum_avx512(float *x, size_t n, float max)
{
    const __m512 shift = _mm512_set1_ps(max);
    __m512d low = _mm512_setzero_pd();
    __m512d high = _mm512_setzero_pd();

    for (size_t i = 0; i < n; i += 16) {
        const __m512 v = exp_lanes(_mm512_sub_ps(load_first(x + i, n - i), shift));
        const __m512 kept = _mm512_maskz_mov_ps(first_lanes(n - i), v);

        store_first(x + i, n - i, v);
        low = _mm512_add_pd(low, widen_low(kept));
        high = _mm512_add_pd(high, widen_high(kept));
    }
    return add_lanes(_mm512_add_pd(low, high));
}

double sum_f32_avx512(const float *x, size_t n)
{
    __m512d low = _mm512_setzero_pd();
    __m512d high = _mm512_setzero_pd();

    for (size_t i = 0; i < n; i += 16) {
        const __m512 v = load_first(x + i, n - i);
        low = _mm512_add_pd(low, widen_low(v));
        high = _mm512_add_pd(high, widen_high(v));
    }
    return add_lanes(_mm512_add_pd(low, high));
}
