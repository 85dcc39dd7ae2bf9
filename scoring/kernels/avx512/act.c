/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last elements of a row use the same vector instructions as the others, with a mask. So
 * the result for an element does not depend on its place in the row.
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

void gelu_tanh_avx512(float *x, size_t n)
{
    const __m512 one = _mm512_set1_ps(1);
    const __m512 cubic = _mm512_set1_ps(0.044715f);
    const __m512 twice = _mm512_set1_ps(-2 * 0.79788456f); /* sqrt(2 / pi) */

    for (size_t i = 0; i < n; i += 16) {
        const __m512 v = load_first(x + i, n - i);
        const __m512 u = _mm512_mul_ps(v, _mm512_fmadd_ps(_mm512_mul_ps(cubic, v), v, one));
        const __m512 e = exp_lanes(_mm512_mul_ps(twice, u));
        store_first(x + i, n - i, _mm512_div_ps(v, _mm512_add_ps(one, e)));
    }
}

/* tanh(u) = 1 - 2 / (exp(2u) + 1). Its absolute accuracy is sufficient for a cap. */
void soft_cap_avx512(float *x, float cap, size_t n)
{
    const __m512 one = _mm512_set1_ps(1);
    const __m512 two = _mm512_set1_ps(2);
    const __m512 top = _mm512_set1_ps(cap);

    for (size_t i = 0; i < n; i += 16) {
        const __m512 u = _mm512_div_ps(load_first(x + i, n - i), top);
        const __m512 e = exp_lanes(_mm512_add_ps(u, u));
        const __m512 rest = _mm512_div_ps(two, _mm512_add_ps(e, one));
        store_first(x + i, n - i, _mm512_mul_ps(_mm512_sub_ps(one, rest), top));
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

void mul_f32_avx512(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        const __m512 product =
            _mm512_mul_ps(load_first(x + i, n - i), load_first(y + i, n - i));
        store_first(x + i, n - i, product);
    }
}
