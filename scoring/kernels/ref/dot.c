/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

enum { LANES = 8 };

double dot_f32_ref(const float *x, const float *y, size_t n)
{
    double sum[LANES] = { 0 };
    size_t l = 0;

    for (; n - l >= LANES; l += LANES)
        for (size_t i = 0; i < LANES; i++)
            sum[i] += (double)x[l + i] * (double)y[l + i];
    for (size_t i = 0; l + i < n; i++)
        sum[i] += (double)x[l + i] * (double)y[l + i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

void dots_f32_ref(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                  double *out, size_t ldo)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            out[i * ldo + j] = dot_f32_ref(x[i], y[j], k);
}

float sum_above_ref(const float *x, const float *low, const float *high, size_t n)
{
    float sum = 0;

    for (size_t i = 0; i < n; i++) {
        const float least = x[i] > low[i] ? x[i] : low[i];

        sum += (least < high[i] ? least : high[i]) - low[i];
    }
    return sum;
}
