/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector.h - vector functions shared by the AVX2 kernels.
 *
 * All are static. Otherwise the linker might use a copy that was built with these flags in code
 * that must run on any CPU.
 */
#ifndef CURATE_AVX2_VECTOR_H
#define CURATE_AVX2_VECTOR_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The mask of the first n of 8 lanes; of all 8 if n is larger. */
ALWAYS_INLINE __m256i first_lanes(size_t n)
{
    static const int32_t live[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };

    return _mm256_loadu_si256((const __m256i *)(live + (n < 8 ? 8 - n : 0)));
}

/* Load n floats; the lanes after them are 0. Nothing is read past them. */
ALWAYS_INLINE __m256 load_first(const float *x, size_t n)
{
    return n >= 8 ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, first_lanes(n));
}

/* Store the first n floats. On some AMD cores a masked store takes as long as a dozen plain
 * ones, so it is used for the last vector only. */
ALWAYS_INLINE void store_first(float *x, size_t n, __m256 value)
{
    if (n >= 8)
        _mm256_storeu_ps(x, value);
    else
        _mm256_maskstore_ps(x, first_lanes(n), value);
}

/* Add four doubles in a fixed order. */
ALWAYS_INLINE double add_lanes(__m256d x)
{
    const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));

    return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

ALWAYS_INLINE __m256d widen_low(__m256 x)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(x));
}

ALWAYS_INLINE __m256d widen_high(__m256 x)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}

/*
 * exp(x) to about one unit in the last place. It is 0 for -INFINITY, INFINITY if the result
 * exceeds the largest float, and NaN for NaN.
 *
 * x = count * ln 2 + r with |r| <= ln 2 / 2. ln 2 is split into two floats, so that the first
 * step is exact. The polynomial is 1 + r + r^2 q(r). The five coefficients of q were fitted by
 * Remez exchange; the relative error is below 4e-9. 2^count is applied as two factors, because
 * 2^-150 and 2^128 are not floats. The first product is exact; the second rounds once, if the
 * result is subnormal.
 */
ALWAYS_INLINE __m256 exp_lanes(__m256 x)
{
    /* With a NaN, min and max return the second operand. */
    x = _mm256_min_ps(_mm256_set1_ps(89.0f), x);
    x = _mm256_max_ps(_mm256_set1_ps(-105.0f), x);

    const __m256 count =
        _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(0x1.715476p+0f)), /* 1 / ln 2 */
                        _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(count, _mm256_set1_ps(0x1.62e43p-1f), x);
    r = _mm256_fnmadd_ps(count, _mm256_set1_ps(-0x1.05c61p-29f), r);

    __m256 y = _mm256_set1_ps(0x1.6a2434p-10f);
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0x1.1239e2p-7f));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0x1.5558f2p-5f));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0x1.555492p-3f));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(0x1.fffffcp-2f));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1));
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(1));

    const __m256i power = _mm256_cvtps_epi32(count);
    const __m256i half = _mm256_srai_epi32(power, 1);
    const __m256i rest = _mm256_sub_epi32(power, half);
    const __m256i bias = _mm256_set1_epi32(127);
    y = _mm256_mul_ps(y,
                      _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23)));
    return _mm256_mul_ps(
        y, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23)));
}

#endif
