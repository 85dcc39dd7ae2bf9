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
