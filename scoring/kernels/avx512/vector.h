/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector.h - vector functions shared by the AVX-512 kernels.
 *
 * All are static. Otherwise the linker might use a copy that was built with these flags in code
 * that must run on any CPU.
 */
#ifndef CURATE_AVX512_VECTOR_H
#define CURATE_AVX512_VECTOR_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The mask of the first n of 16 lanes; of all 16 if n is larger. */
ALWAYS_INLINE __mmask16 first_lanes(size_t n)
{
    return (__mmask16)(n < 16 ? (1u << n) - 1 : 0xffffu);
}

/* Load n floats; the lanes after them are 0. Nothing is read past them. */
ALWAYS_INLINE __m512 load_first(const float *x, size_t n)
{
    return _mm512_maskz_loadu_ps(first_lanes(n), x);
}

ALWAYS_INLINE void store_first(float *x, size_t n, __m512 value)
{
    _mm512_mask_storeu_ps(x, first_lanes(n), value);
}

/* Add eight doubles in a fixed order. The compiler chooses the order of _mm512_reduce_add_pd.
 */
ALWAYS_INLINE double add_lanes(__m512d x)
{
    const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
    const __m128d pair =
        _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

ALWAYS_INLINE __m512d widen_low(__m512 x)
{
    return _mm512_cvtps_pd(_mm512_castps512_ps256(x));
}

ALWAYS_INLINE __m512d widen_high(__m512 x)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}

/*
 * exp(x) to about one unit in the last place. It is 0 for -INFINITY, INFINITY if the result
 * exceeds the largest float, and NaN for NaN. The steps and constants are those of
 * avx2/vector.h, which explains them. Here one instruction scales by 2^count, also for
 * subnormal results.
 */
ALWAYS_INLINE __m512 exp_lanes(__m512 x)
{
    /* With a NaN, min and max return the second operand. */
    x = _mm512_min_ps(_mm512_set1_ps(89.0f), x);
    x = _mm512_max_ps(_mm512_set1_ps(-105.0f), x);

    const __m512 count =
        _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(0x1.715476p+0f)), /* 1 / ln 2 */
                             _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(count, _mm512_set1_ps(0x1.62e43p-1f), x);
    r = _mm512_fnmadd_ps(count, _mm512_set1_ps(-0x1.05c61p-29f), r);

    __m512 y = _mm512_set1_ps(0x1.6a2434p-10f);
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0x1.1239e2p-7f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0x1.5558f2p-5f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0x1.555492p-3f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(0x1.fffffcp-2f));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1));
    y = _mm512_fmadd_ps(y, r, _mm512_set1_ps(1));
    return _mm512_scalef_ps(y, count);
}

#endif
