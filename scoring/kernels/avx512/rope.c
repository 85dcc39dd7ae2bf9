/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

/* Eight pairs per step. Each cosine and sine is copied to both lanes of its pair. */
void rope_norm_avx512(float *x, const float *cos, const float *sin, size_t n)
{
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);

    for (size_t i = 0; i < n; i += 8) {
        const size_t left = n - i < 8 ? n - i : 8;
        const __m512 c = _mm512_permutexvar_ps(twice, load_first(cos + i, left));
        const __m512 s = _mm512_permutexvar_ps(twice, load_first(sin + i, left));
        const __m512 v = load_first(x + 2 * i, 2 * left);
        const __m512 swapped = _mm512_permute_ps(v, 0xb1);

        store_first(x + 2 * i, 2 * left, _mm512_fmaddsub_ps(v, c, _mm512_mul_ps(swapped, s)));
    }
}

void rope_neox_avx512(float *x, const float *cos, const float *sin, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        const __m512 c = load_first(cos + i, n - i);
        const __m512 s = load_first(sin + i, n - i);
        const __m512 a = load_first(x + i, n - i);
        const __m512 b = load_first(x + n + i, n - i);

        store_first(x + i, n - i, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
        store_first(x + n + i, n - i, _mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s)));
    }
}
