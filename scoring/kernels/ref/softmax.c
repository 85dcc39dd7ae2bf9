/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

#include <math.h>

float max_f32_ref(const float *x, size_t n)
{
    float max = x[0];

    for (size_t i = 1; i < n; i++)
        if (x[i] > max)
            max = x[i];
    return max;
}

double exp_sum_ref(float *x, size_t n, float max)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - max);
        sum += (double)x[i];
    }
    return sum;
}

double sum_f32_ref(const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum;
}
