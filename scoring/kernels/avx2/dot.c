/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/avx2/avx2.h"
#include "scoring/kernels/avx2/vector.h"

/* Products of floats are exact in double, so fused steps round as the reference does. */
double dot_f32_avx2(const float *x, const float *y, size_t n)
{
    __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
    double sum[8];
    size_t l = 0;

    for (; n - l >= 8; l += 8) {
        low = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + l)),
                              _mm256_cvtps_pd(_mm_loadu_ps(y + l)), low);
        high = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm_loadu_ps(x + l + 4)),
                               _mm256_cvtps_pd(_mm_loadu_ps(y + l + 4)), high);
    }
    _mm256_storeu_pd(sum, low);
    _mm256_storeu_pd(sum + 4, high);
    for (size_t i = 0; l + i < n; i++)
        sum[i] += (double)x[l + i] * (double)y[l + i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}
