/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector.h - vector functions shared by the AVX-512 BF16 kernels. All are static, for the
 * reason given in avx512/vector.h.
 */
#ifndef CURATE_AVX512BF16_VECTOR_H
#define CURATE_AVX512BF16_VECTOR_H

#include <immintrin.h>
#include <stddef.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The mask of the first n of 32 lanes of 16 bits; of all 32 if n is larger. */
ALWAYS_INLINE __mmask32 first_halves(size_t n)
{
    return n < 32 ? (1u << n) - 1 : 0xffffffffu;
}

/* The same for 16 lanes of 32 bits. */
ALWAYS_INLINE __mmask16 first_lanes(size_t n)
{
    return (__mmask16)(n < 16 ? (1u << n) - 1 : 0xffffu);
}

/* Add sixteen floats in a fixed order. The compiler chooses the order of _mm512_reduce_add_ps.
 */
ALWAYS_INLINE float add_lanes(__m512 x)
{
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 four =
        _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));

    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#endif
