/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last elements go through the same vectors as the others, masked: an element does not feel
 * where in the row it stands.
 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

void silu_mul_avx512(float *gate, const float *up, size_t n)
{
    const __m512 minus_0 = _mm512_set1_ps(-0.0f);
    const __m512 one = _mm512_set1_ps(1);

    for (size_t i = 0; i < n; i += 16) {
        const __m512 x = load_first(gate + i, n - i);
        const __m512 e = exp_lanes(_mm512_xor_ps(x, minus_0));
        const __m512 silu = _mm512_div_ps(x, _mm512_add_ps(one, e));
        store_first(gate + i, n - i, _mm512_mul_ps(silu, load_first(up + i, n - i)));
    }
}

void scale_f32_avx512(float *x, float factor, size_t n)
{
    const __m512 times = _mm512_set1_ps(factor);

    for (size_t i = 0; i < n; i += 16)
        store_first(x + i, n - i, _mm512_mul_ps(load_first(x + i, n - i), times));
}

void add_f32_avx512(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        const __m512 sum = _mm512_add_ps(load_first(x + i, n - i), load_first(y + i, n - i));
        store_first(x + i, n - i, sum);
    }
}
