/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products in 8-bit integers. A panel stores weights as q + 128, because the instructions
 * multiply unsigned by signed bytes. act_int8.shift corrects for that.
 */
#include <math.h>
#include <string.h>

#include "scoring/kernels/kernels.h"
#include "scoring/kernels/ref/ref.h"

void quantise_int8_ref(const float *x, size_t n, struct act_int8 *out)
{
    for (size_t b = 0; b < n; b++, x += INT8_BLOCK) {
        struct act_int8 *block = &out[b];
        float largest = 0;
        int sum = 0;

        for (size_t i = 0; i < INT8_BLOCK; i++) /* NaN counts as the largest */
            largest = fabsf(x[i]) > largest || isnan(x[i]) ? fabsf(x[i]) : largest;
        *block = (struct act_int8){ .scale = largest * (1.0f / 127) };
        if (largest >= INT8_MAGNITUDE_MIN && largest <= INT8_MAGNITUDE_MAX) {
            const float inverse = 127 / largest;

            for (size_t i = 0; i < INT8_BLOCK; i++) {
                block->q[i] = (int8_t)lrintf(x[i] * inverse);
                sum += block->q[i];
            }
        } else if (largest < INT8_MAGNITUDE_MIN) {
            block->scale = 0;
        }
        block->shift = -128 * sum;
        block->sum = block->scale * (float)sum;
    }
}

void pack_int8_ref(const struct weight_int8 *rows, size_t stride, size_t n, size_t n_blocks,
                   size_t panel, uint8_t *out)
{
    memset(out, 0, n_blocks * INT8_BYTES * panel);
    for (size_t b = 0; b < n_blocks; b++, out += INT8_BYTES * panel) {
        for (size_t j = 0; j < n; j++) {
            const struct weight_int8 *block = &rows[j * stride + b];
            uint8_t *scales = out + INT8_BLOCK * panel + j * sizeof(float);

            for (size_t l = 0; l < INT8_BLOCK; l++)
                out[l / 4 * 4 * panel + 4 * j + l % 4] = (uint8_t)(block->q[l] + 128);
            memcpy(scales, &block->scale, sizeof(float));
            memcpy(scales + panel * sizeof(float), &block->minimum, sizeof(float));
        }
    }
}

/* Add the 32 products of one block to the sum of one element. */
static inline float add_int8_block(const struct act_int8 *a, const uint8_t *b, size_t panel,
                                   size_t j, bool minima, float sum)
{
    int32_t product = a->shift;
    float scale, minimum;

    for (size_t l = 0; l < INT8_BLOCK; l++)
        product += a->q[l] * b[l / 4 * 4 * panel + 4 * j + l % 4];
    memcpy(&scale, b + INT8_BLOCK * panel + j * sizeof scale, sizeof scale);
    sum += (float)product * (a->scale * scale);
    if (minima) {
        memcpy(&minimum, b + (INT8_BLOCK + sizeof scale) * panel + j * sizeof minimum,
               sizeof minimum);
        sum += a->sum * minimum;
    }
    return sum;
}

void gemm_int8_ref(size_t m, size_t n, size_t n_blocks, const struct act_int8 *a, size_t lda,
                   const uint8_t *b, size_t panel, bool minima, float *out, size_t ldo,
                   bool add)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = add ? out[i * ldo + j] : 0;

            for (size_t l = 0; l < n_blocks; l++)
                sum = add_int8_block(&a[i * lda + l], b + l * INT8_BYTES * panel, panel, j,
                                     minima, sum);
            out[i * ldo + j] = sum;
        }
}
