/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <string.h>

#include "scoring/kernels/avx512/avx512.h"

/* Enough independent vectors to hide the latency of a multiplication. */
enum { LANES = 16, VECTORS = 4, BLOCK = LANES * VECTORS };

static const int MIX_FACTOR = 0x2c1b3c6d;

static inline __m512i mix_avx512(__m512i a, __m512i b, __m512i x)
{
    const __m512i line = _mm512_add_epi32(_mm512_mullo_epi32(a, x), b);

    return _mm512_mullo_epi32(_mm512_xor_si512(line, _mm512_srli_epi32(line, 15)),
                              _mm512_set1_epi32(MIX_FACTOR));
}

static void minhash_block_avx512(const uint32_t *x, size_t n, const uint32_t *a,
                                 const uint32_t *b, uint32_t *out)
{
    __m512i factors[VECTORS];
    __m512i terms[VECTORS];
    __m512i least[VECTORS];

    for (int v = 0; v < VECTORS; v++) {
        factors[v] = _mm512_loadu_si512((const void *)(a + v * LANES));
        terms[v] = _mm512_loadu_si512((const void *)(b + v * LANES));
        least[v] = _mm512_loadu_si512((const void *)(out + v * LANES));
    }
    for (size_t j = 0; j < n; j++) {
        const __m512i value = _mm512_set1_epi32((int)x[j]);

        for (int v = 0; v < VECTORS; v++)
            least[v] = _mm512_min_epu32(least[v], mix_avx512(factors[v], terms[v], value));
    }
    for (int v = 0; v < VECTORS; v++)
        _mm512_storeu_si512((void *)(out + v * LANES), least[v]);
}

void minhash_avx512(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                    uint32_t *out)
{
    uint32_t rest[3][BLOCK] = { { 0 } };
    size_t i = 0;

    for (; k - i >= BLOCK; i += BLOCK)
        minhash_block_avx512(x, n, a + i, b + i, out + i);
    if (i == k)
        return;
    memcpy(rest[0], a + i, (k - i) * sizeof *a);
    memcpy(rest[1], b + i, (k - i) * sizeof *b);
    memcpy(rest[2], out + i, (k - i) * sizeof *out);
    minhash_block_avx512(x, n, rest[0], rest[1], rest[2]);
    memcpy(out + i, rest[2], (k - i) * sizeof *out);
}
