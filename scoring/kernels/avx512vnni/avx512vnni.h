/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avx512vnni.h - kernels for AVX-512 VNNI: products of bytes, summed in 32 bits.
 *
 * The contract of each function is at the member of the same name in kernels.h.
 */
#ifndef CURATE_AVX512VNNI_H
#define CURATE_AVX512VNNI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PANEL_AVX512VNNI = 32 };

struct act_int8;
struct weight_int8;

void quantise_int8_avx512vnni(const float *x, size_t n, struct act_int8 *out);
void pack_int8_avx512vnni(const struct weight_int8 *rows, size_t stride, size_t n,
                          size_t n_blocks, size_t panel, uint8_t *out);
void gemm_int8_avx512vnni(size_t m, size_t n, size_t n_blocks, const struct act_int8 *a,
                          size_t lda, const uint8_t *b, size_t panel, bool minima, float *out,
                          size_t ldo, bool add);

#endif
