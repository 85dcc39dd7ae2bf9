/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

static void rotate_pair(float *x, float *y, float cos, float sin)
{
    const float old_x = *x;
    const float old_y = *y;

    *x = old_x * cos - old_y * sin;
    *y = old_x * sin + old_y * cos;
}

void rope_norm_ref(float *x, const float *cos, const float *sin, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rotate_pair(&x[2 * i], &x[2 * i + 1], cos[i], sin[i]);
}

void rope_neox_ref(float *x, const float *cos, const float *sin, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rotate_pair(&x[i], &x[n + i], cos[i], sin[i]);
}
