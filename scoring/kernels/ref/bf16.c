/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of bfloat16 numbers. The product of two is exact in a float, except for subnormals
 * and overflow. So only additions round.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "scoring/kernels/kernels.h"
#include "scoring/kernels/ref/ref.h"

static uint16_t round_one_bf16(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    if (isnan(x))
        return (uint16_t)(bits >> 16 | 0x40);
    if (fabsf(x) < FLT_MIN)
        return (uint16_t)(bits >> 16 & 0x8000);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float widen_bf16_ref(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return fabsf(x) < FLT_MIN ? copysignf(0, x) : x;
}

void round_bf16_ref(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = round_one_bf16(x[i]);
}

float exp_bf16_ref(const float *x, size_t n, float max, uint16_t *out)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        const float y = expf(x[i] - max);

        out[i] = round_one_bf16(y);
        sum += (double)y;
    }
    return (float)sum;
}

void pair_bf16_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   size_t panel, uint16_t *out)
{
    memset(out, 0, k * panel * sizeof *out);
    for (size_t j = 0; j < n; j++) {
        const char *row = (const char *)rows + j * row_bytes + first * sizeof *out;

        for (size_t l = 0; l < k; l++)
            memcpy(&out[l / 2 * 2 * panel + 2 * j + l % 2], row + l * sizeof *out, sizeof *out);
    }
}

void gemm_bf16_ref(size_t m, size_t n, size_t k, const uint16_t *a, size_t lda,
                   const uint16_t *b, size_t panel, float *out, size_t ldo, bool add)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = add ? out[i * ldo + j] : 0;

            for (size_t l = 0; l < k; l++) { /* the second of each pair first */
                const size_t odd = (l + 1) % 2;

                sum += widen_bf16_ref(a[i * lda + l / 2 * 2 + odd]) *
                       widen_bf16_ref(b[l / 2 * 2 * panel + 2 * j + odd]);
            }
            out[i * ldo + j] = sum;
        }
}
