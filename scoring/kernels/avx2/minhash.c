/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <string.h>

#include "scoring/kernels/avx2/avx2.h"

/* Enough independent vectors to hide the latency of a multiplication. */
enum { LANES = 8, VECTORS = 4, BLOCK = LANES * VECTORS };

static const int MIX_FACTOR = 0x2c1b3c6d;

static inline __m256i mix_avx2(__m256i a, __m256i b, __m256i x)
{
    const __m256i line = _mm256_add_epi32(_mm256_mullo_epi32(a, x), b);

    return _mm256_mullo_epi32(_mm256_xor_si256(line, _mm256_srli_epi32(line, 15)),
                              _mm256_set1_epi32(MIX_FACTOR));
}

static void minhash_block_avx2(const uint32_t *x, size_t n, const uint32_t *a,
                               const uint32_t *b, uint32_t *out)
{
    __m256i factors[VECTORS];
    __m256i terms[VECTORS];
    __m256i least[VECTORS];

    for (int v = 0; v < VECTORS; v++) {
        factors[v] = _mm256_loadu_si256((const void *)(a + v * LANES));
        terms[v] = _mm256_loadu_si256((const void *)(b + v * LANES));
        least[v] = _mm256_loadu_si256((const void *)(out + v * LANES));
    }
    for (size_t j = 0; j < n; j++) {
        const __m256i value = _mm256_set1_epi32((int)x[j]);

        for (int v = 0; v < VECTORS; v++)
            least[v] = _mm256_min_epu32(least[v], mix_avx2(factors[v], terms[v], value));
    }
    for (int v = 0; v < VECTORS; v++)
        _mm256_storeu_si256((void *)(out + v * LANES), least[v]);
}

void minhash_avx2(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                  uint32_t *out)
{
    uint32_t rest[3][BLOCK] = { { 0 } };
    size_t i = 0;

    for (; k - i >= BLOCK; i += BLOCK)
        minhash_block_avx2(x, n, a + i, b + i, out + i);
    if (i == k)
        return;
    memcpy(rest[0], a + i, (k - i) * sizeof *a);
    memcpy(rest[1], b + i, (k - i) * sizeof *b);
    memcpy(rest[2], out + i, (k - i) * sizeof *out);
    minhash_block_avx2(x, n, rest[0], rest[1], rest[2]);
    memcpy(out + i, rest[2], (k - i) * sizeof *out);
}
