/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last elements go through the same vectors as the others, masked: an element does not feel
 * where in the row it stands.
 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

void silu_mul_avx2(float *gate, const float *up, size_t n)
{
    const __m256 minus_0 = _mm256_set1_ps(-0.0f);
    const __m256 one = _mm256_set1_ps(1);

    for (size_t i = 0; i < n; i += 8) {
        const __m256 x = load_first(gate + i, n - i);
        const __m256 e = exp_lanes(_mm256_xor_ps(x, minus_0));
        const __m256 silu = _mm256_div_ps(x, _mm256_add_ps(one, e));
        store_first(gate + i, n - i, _mm256_mul_ps(silu, load_first(up + i, n - i)));
    }
}

void scale_f32_avx2(float *x, float factor, size_t n)
{
    const __m256 times = _mm256_set1_ps(factor);

    for (size_t i = 0; i < n; i += 8)
        store_first(x + i, n - i, _mm256_mul_ps(load_first(x + i, n - i), times));
}

void add_f32_avx2(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        const __m256 sum = _mm256_add_ps(load_first(x + i, n - i), load_first(y + i, n - i));
        store_first(x + i, n - i, sum);
    }
}
