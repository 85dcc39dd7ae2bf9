/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/peak.h"

#include <stddef.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "scoring/kernels/kernels.h"

#if defined(__x86_64__)
/* Enough sums to hide the latency of each instruction. */
enum { SUMS = 12 };

/* The result: without a use of it the compiler would remove the loop. */
static volatile float used;

__attribute__((target("avx2,fma"))) static uint64_t fma_256(uint64_t n)
{
    float kept[8];
    const __m256 a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.25f);
    __m256 sum[SUMS];

    for (int s = 0; s < SUMS; s++)
        sum[s] = _mm256_set1_ps((float)s);
    for (uint64_t i = 0; i < n; i++)
        for (int s = 0; s < SUMS; s++)
            sum[s] = _mm256_fmadd_ps(sum[s], a, b);
    for (int s = 1; s < SUMS; s++)
        sum[0] = _mm256_add_ps(sum[0], sum[s]);
    _mm256_storeu_ps(kept, sum[0]);
    used = kept[0];
    return n * SUMS * 2 * 8;
}

__attribute__((target("avx512f"))) static uint64_t fma_512(uint64_t n)
{
    float kept[16];
    const __m512 a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.25f);
    __m512 sum[SUMS];

    for (int s = 0; s < SUMS; s++)
        sum[s] = _mm512_set1_ps((float)s);
    for (uint64_t i = 0; i < n; i++)
        for (int s = 0; s < SUMS; s++)
            sum[s] = _mm512_fmadd_ps(sum[s], a, b);
    for (int s = 1; s < SUMS; s++)
        sum[0] = _mm512_add_ps(sum[0], sum[s]);
    _mm512_storeu_ps(kept, sum[0]);
    used = kept[0];
    return n * SUMS * 2 * 16;
}

__attribute__((target("avx512f,avx512bf16"))) static uint64_t dot_bf16(uint64_t n)
{
    float kept[16];
    const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f003f00); /* 0.5 */
    __m512 sum[SUMS];

    for (int s = 0; s < SUMS; s++)
        sum[s] = _mm512_set1_ps((float)s);
    for (uint64_t i = 0; i < n; i++)
        for (int s = 0; s < SUMS; s++)
            sum[s] = _mm512_dpbf16_ps(sum[s], a, a);
    for (int s = 1; s < SUMS; s++)
        sum[0] = _mm512_add_ps(sum[0], sum[s]);
    _mm512_storeu_ps(kept, sum[0]);
    used = kept[0];
    return n * SUMS * 2 * 32;
}

__attribute__((target("avx512f,avx512vnni"))) static uint64_t dot_int8(uint64_t n)
{
    int32_t kept[16];
    const __m512i a = _mm512_set1_epi32(0x01010101);
    __m512i sum[SUMS];

    for (int s = 0; s < SUMS; s++)
        sum[s] = _mm512_set1_epi32(s);
    for (uint64_t i = 0; i < n; i++)
        for (int s = 0; s < SUMS; s++)
            sum[s] = _mm512_dpbusd_epi32(sum[s], a, a);
    for (int s = 1; s < SUMS; s++)
        sum[0] = _mm512_add_epi32(sum[0], sum[s]);
    _mm512_storeu_si512(kept, sum[0]);
    used = (float)kept[0];
    return n * SUMS * 2 * 64;
}

peak_loop *peak_f32(unsigned cpu_flags)
{
    return cpu_flags & CPU_AVX512 ? fma_512 : cpu_flags & CPU_AVX2 ? fma_256 : NULL;
}

peak_loop *peak_bf16(unsigned cpu_flags)
{
    return cpu_flags & CPU_AVX512BF16 ? dot_bf16 : NULL;
}

peak_loop *peak_int8(unsigned cpu_flags)
{
    return cpu_flags & CPU_AVX512VNNI ? dot_int8 : NULL;
}
#else
peak_loop *peak_f32(unsigned cpu_flags)
{
    (void)cpu_flags;
    return NULL;
}

peak_loop *peak_bf16(unsigned cpu_flags)
{
    (void)cpu_flags;
    return NULL;
}

peak_loop *peak_int8(unsigned cpu_flags)
{
    (void)cpu_flags;
    return NULL;
}
#endif
