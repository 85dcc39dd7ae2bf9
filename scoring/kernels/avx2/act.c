/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last elements of a row use the same vector instructions as the others, with a mask. So
 * the result for an element does not depend on its place in the row.
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

void gelu_tanh_avx2(float *x, size_t n)
{
    const __m256 one = _mm256_set1_ps(1);
    const __m256 cubic = _mm256_set1_ps(0.044715f);
    const __m256 twice = _mm256_set1_ps(-2 * 0.79788456f); /* sqrt(2 / pi) */

    for (size_t i = 0; i < n; i += 8) {
        const __m256 v = load_first(x + i, n - i);
        const __m256 u = _mm256_mul_ps(v, _mm256_fmadd_ps(_mm256_mul_ps(cubic, v), v, one));
        const __m256 e = exp_lanes(_mm256_mul_ps(twice, u));
        store_first(x + i, n - i, _mm256_div_ps(v, _mm256_add_ps(one, e)));
    }
}

/* tanh(u) = 1 - 2 / (exp(2u) + 1). Its absolute accuracy is sufficient for a cap. */
void soft_cap_avx2(float *x, float cap, size_t n)
{
    const __m256 one = _mm256_set1_ps(1);
    const __m256 two = _mm256_set1_ps(2);
    const __m256 top = _mm256_set1_ps(cap);

    for (size_t i = 0; i < n; i += 8) {
        const __m256 u = _mm256_div_ps(load_first(x + i, n - i), top);
        const __m256 e = exp_lanes(_mm256_add_ps(u, u));
        const __m256 rest = _mm256_div_ps(two, _mm256_add_ps(e, one));
        store_first(x + i, n - i, _mm256_mul_ps(_mm256_sub_ps(one, rest), top));
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

void mul_f32_avx2(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        const __m256 product =
            _mm256_mul_ps(load_first(x + i, n - i), load_first(y + i, n - i));
        store_first(x + i, n - i, product);
    }
}
