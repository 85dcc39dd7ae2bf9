/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512bf16/avx512bf16.h"
#include "scoring/kernels/avx512bf16/vector.h"

/*
 * exp(x) = 2^(count + f), where count is an integer and f is in [0, 1). 2^f is a polynomial,
 * fitted by Remez exchange to within 2.7e-6; scalef multiplies by 2^count. The error is a
 * hundredth of that of rounding to bfloat16.
 */
ALWAYS_INLINE __m512 exp_roughly(__m512 x)
{
    const __m512 t = _mm512_mul_ps(x, _mm512_set1_ps(0x1.715476p+0f)); /* 1 / ln 2 */
    const __m512 f = _mm512_reduce_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);

    __m512 y = _mm512_set1_ps(0x1.bb7cd4p-7f);
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0x1.aa13fp-5f));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0x1.ee798ap-3f));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0x1.62d166p-1f));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0x1.00002cp+0f));
    return _mm512_scalef_ps(y, t); /* scalef uses the floor of t */
}

/* The same for the first `left` lanes of x - shift; the other lanes are 0. */
ALWAYS_INLINE __m512 exp_first(const float *x, size_t left, __m512 shift)
{
    const __m512 y =
        exp_roughly(_mm512_sub_ps(_mm512_maskz_loadu_ps(first_lanes(left), x), shift));

    return _mm512_maskz_mov_ps(first_lanes(left), y);
}

float exp_bf16_avx512bf16(const float *x, size_t n, float max, uint16_t *out)
{
    const __m512 shift = _mm512_set1_ps(max);
    __m512 sum_low = _mm512_setzero_ps();
    __m512 sum_high = _mm512_setzero_ps();
    size_t i = 0;

    for (; n - i >= 32; i += 32) {
        const __m512 low = exp_roughly(_mm512_sub_ps(_mm512_loadu_ps(x + i), shift));
        const __m512 high = exp_roughly(_mm512_sub_ps(_mm512_loadu_ps(x + i + 16), shift));

        _mm512_storeu_si512(out + i, (__m512i)_mm512_cvtne2ps_pbh(high, low));
        sum_low = _mm512_add_ps(sum_low, low);
        sum_high = _mm512_add_ps(sum_high, high);
    }
    if (i < n) {
        const size_t left = n - i;
        const __m512 low = exp_first(x + i, left, shift);
        const __m512 high =
            left > 16 ? exp_first(x + i + 16, left - 16, shift) : _mm512_setzero_ps();

        _mm512_mask_storeu_epi16(out + i, first_halves(left),
                                 (__m512i)_mm512_cvtne2ps_pbh(high, low));
        sum_low = _mm512_add_ps(sum_low, low);
        sum_high = _mm512_add_ps(sum_high, high);
    }
    return add_lanes(_mm512_add_ps(sum_low, sum_high));
}
