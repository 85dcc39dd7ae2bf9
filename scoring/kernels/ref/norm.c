/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

#include <math.h>

void rms_norm_ref(const float *x, const float *weight, size_t n, float epsilon, float *out)
{
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    const float scale = (float)(1 / sqrt(squares / (double)n + (double)epsilon));
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * scale * weight[i];
}

void layer_norm_ref(const float *x, const float *weight, const float *bias, size_t n,
                    float epsilon, float *out)
{
    double sum = 0;
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    const double scale = 1 / sqrt(squares / (double)n + (double)epsilon);
    for (size_t i = 0; i < n; i++) {
        const float unit = (float)(((double)x[i] - mean) * scale);

        out[i] = bias ? unit * weight[i] + bias[i] : unit * weight[i];
    }
}
