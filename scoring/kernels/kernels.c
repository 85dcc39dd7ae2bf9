/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/kernels.h"

#include <string.h>

#include "scoring/kernels/variants.h"

/* A later variant overwrites an earlier one, so the best comes last. */
static const struct {
    unsigned needs; /* all these flags of enum cpu_flag */
    void (*use)(struct kernels *k);
} variants[] = {
    { 0, use_ref },
#if HAVE_AVX2
    { CPU_AVX2, use_avx2 },
#endif
#if HAVE_AVX512
    { CPU_AVX512, use_avx512 },
#endif
#if HAVE_AVX512 && HAVE_AVX512VNNI
    { CPU_AVX512 | CPU_AVX512VNNI, use_avx512vnni },
#endif
#if HAVE_AVX512 && HAVE_AVX512VNNI && HAVE_AVX512BF16
    { CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16, use_avx512bf16 },
#endif
};

void kernels_init(struct kernels *k, unsigned cpu_flags)
{
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        if ((cpu_flags & variants[i].needs) == variants[i].needs)
            variants[i].use(k);
}

bool kernels_find_flags(const char *name, unsigned *cpu_flags)
{
    static const struct {
        const char *name;
        unsigned flags;
    } families[] = {
        { "ref", 0 },
        { "avx2", CPU_AVX2 },
        { "avx512", CPU_AVX2 | CPU_AVX512 },
        { "avx512vnni", CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI },
        { "avx512bf16", CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI | CPU_AVX512BF16 },
    };

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strcmp(name, families[i].name) != 0)
            continue;
        *cpu_flags = families[i].flags;
        return true;
    }
    return false;
}
