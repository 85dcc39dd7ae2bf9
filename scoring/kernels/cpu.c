/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built without the flags of any instruction set: it must run on any CPU.
 */
#include "scoring/kernels/kernels.h"

#if defined(__x86_64__)

#include <cpuid.h>

/* CPUID leaf 1, ECX. */
#define HAS_FMA     (1u << 12)
#define HAS_OSXSAVE (1u << 27)
#define HAS_AVX     (1u << 28)
#define HAS_F16C    (1u << 29)
/* CPUID leaf 7, EBX. */
#define HAS_AVX2     (1u << 5)
#define HAS_AVX512F  (1u << 16)
#define HAS_AVX512DQ (1u << 17)
#define HAS_AVX512BW (1u << 30)
#define HAS_AVX512VL (1u << 31)
/* CPUID leaf 7, ECX. */
#define HAS_AVX512VNNI (1u << 11)
/* CPUID leaf 7, subleaf 1, EAX. */
#define HAS_AVX512BF16 (1u << 5)
/* XCR0: registers that the system saves when it switches threads. */
#define SAVES_XMM_YMM   0x06u
#define SAVES_ZMM_MASKS 0xe0u

static bool cpu_has_all(unsigned have, unsigned want)
{
    return (have & want) == want;
}

/* The low half of XCR0. Needs OSXSAVE. The instruction (xgetbv) is written as bytes, so that
 * the assembler need not know it. */
static unsigned saved_state(void)
{
    unsigned low, high;

    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

unsigned cpu_detect(void)
{
    unsigned eax, ebx, ecx, edx;

    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) ||
        !cpu_has_all(ecx, HAS_FMA | HAS_OSXSAVE | HAS_AVX | HAS_F16C))
        return 0;
    const unsigned saved = saved_state();
    if (!cpu_has_all(saved, SAVES_XMM_YMM))
        return 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !cpu_has_all(ebx, HAS_AVX2))
        return 0;
    if (!cpu_has_all(saved, SAVES_ZMM_MASKS) ||
        !cpu_has_all(ebx, HAS_AVX512F | HAS_AVX512DQ | HAS_AVX512BW | HAS_AVX512VL))
        return CPU_AVX2;
    if (!cpu_has_all(ecx, HAS_AVX512VNNI))
        return CPU_AVX2 | CPU_AVX512;
    if (!__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) || !cpu_has_all(eax, HAS_AVX512BF16))
        return CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI;
    return CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16;
}

#else

unsigned cpu_detect(void)
{
    return 0;
}

#endif
