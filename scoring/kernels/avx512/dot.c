/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx512/avx512.h"
#include "scoring/kernels/avx512/vector.h"

/* As in avx2/dot.c: a fused step rounds as the reference does. */
double dot_f32_avx512(const float *x, const float *y, size_t n)
{
    __m512d total = _mm512_setzero_pd();
    double sum[8];
    size_t l = 0;

    for (; n - l >= 8; l += 8)
        total = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(x + l)),
                                _mm512_cvtps_pd(_mm256_loadu_ps(y + l)), total);
    _mm512_storeu_pd(sum, total);
    for (size_t i = 0; l + i < n; i++)
        sum[i] += (double)x[l + i] * (double)y[l + i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}
