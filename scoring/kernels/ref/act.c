/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

#include <math.h>

void silu_mul_ref(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

/* 1 + tanh(u) = 2 / (1 + exp(-2u)), which avoids cancellation. */
void gelu_tanh_ref(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float u = x[i] * (1 + 0.044715f * x[i] * x[i]);

        x[i] = x[i] / (1 + expf(-2 * 0.79788456f * u)); /* sqrt(2 / pi) */
    }
}

/* 1 + erf(u) = erfc(-u), which avoids cancellation. */
void gelu_erf_ref(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] / 2 * erfcf(-0.70710678f * x[i]);
}

void soft_cap_ref(float *x, float cap, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = cap * tanhf(x[i] / cap);
}

void scale_f32_ref(float *x, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

void add_f32_ref(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

void mul_f32_ref(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= y[i];
}
