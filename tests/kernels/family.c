/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/kernels/family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool family_open(struct family *f, int argc, char **argv)
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
    const char *name = argc == 2 ? argv[1] : "";

    kernels_init(&f->ref, 0);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (strcmp(name, families[i].name) != 0)
            continue;
        kernels_init(&f->fast, families[i].flags);
        if (strcmp(name, f->fast.name) != 0)
            break;
        return (cpu_detect() & families[i].flags) == families[i].flags;
    }
    fprintf(stderr, "\"%s\" is no family of kernels of this build\n", name);
    exit(2);
}

size_t next_len(size_t n)
{
    if (n < 70 || n >= LEN_MAX)
        return n + 1;
    return 2 * n + 1 < LEN_MAX ? 2 * n + 1 : LEN_MAX;
}

bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

bool all_poison(const float *x, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)x;

    for (size_t i = 0; i < n * sizeof *x; i++)
        if (bytes[i] != GUARD_POISON)
            return false;
    return true;
}
