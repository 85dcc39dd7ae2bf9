/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avx512bf16.h - kernels for AVX-512 BF16: products of bfloat16 numbers, summed in floats.
 *
 * The contract of each function is at the member of the same name in kernels.h.
 */
#ifndef CURATE_AVX512BF16_H
#define CURATE_AVX512BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PANEL_AVX512BF16 = 32 };

void round_bf16_avx512bf16(const float *x, size_t n, uint16_t *out);
float exp_bf16_avx512bf16(const float *x, size_t n, float max, uint16_t *out);
void pair_bf16_avx512bf16(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                          size_t panel, uint16_t *out);
void gemm_bf16_avx512bf16(size_t m, size_t n, size_t k, const uint16_t *a, size_t lda,
                          const uint16_t *b, size_t panel, float *out, size_t ldo, bool add);

#endif
