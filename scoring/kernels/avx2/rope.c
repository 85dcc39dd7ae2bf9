/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

/* Four pairs per step. Each cosine and sine is copied to both lanes of its pair. */
void rope_norm_avx2(float *x, const float *cos, const float *sin, size_t n)
{
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);

    for (size_t i = 0; i < n; i += 4) {
        const size_t left = n - i < 4 ? n - i : 4;
        const __m256i live = first_lanes(left);
        const __m256 c = _mm256_permutevar8x32_ps(_mm256_maskload_ps(cos + i, live), twice);
        const __m256 s = _mm256_permutevar8x32_ps(_mm256_maskload_ps(sin + i, live), twice);
        const __m256 v = load_first(x + 2 * i, 2 * left);
        const __m256 swapped = _mm256_permute_ps(v, 0xb1);

        store_first(x + 2 * i, 2 * left, _mm256_fmaddsub_ps(v, c, _mm256_mul_ps(swapped, s)));
    }
}

void rope_neox_avx2(float *x, const float *cos, const float *sin, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        const __m256 c = load_first(cos + i, n - i);
        const __m256 s = load_first(sin + i, n - i);
        const __m256 a = load_first(x + i, n - i);
        const __m256 b = load_first(x + n + i, n - i);

        store_first(x + i, n - i, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
        store_first(x + n + i, n - i, _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
    }
}
