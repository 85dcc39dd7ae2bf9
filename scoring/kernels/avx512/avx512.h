/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avx512.h - kernels for AVX-512 (F, BW, DQ, VL): 16 lanes, 32 registers, masks.
 *
 * The contract of each function is at the member of the same name in kernels.h.
 */
#ifndef CURATE_AVX512_H
#define CURATE_AVX512_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PANEL_AVX512 = 32 };

void gemm_f32_avx512(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                     size_t ldb, float *out, size_t ldo, bool add);

void pack_f32_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                     float *out);
void pack_f16_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                     float *out);
void pack_bf16_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      float *out);
void pack_q8_0_avx512(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      float *out);

void rms_norm_avx512(const float *x, const float *weight, size_t n, float epsilon, float *out);

void rope_norm_avx512(float *x, const float *cos, const float *sin, size_t n);
void rope_neox_avx512(float *x, const float *cos, const float *sin, size_t n);

void silu_mul_avx512(float *gate, const float *up, size_t n);
void gelu_tanh_avx512(float *x, size_t n);
void soft_cap_avx512(float *x, float cap, size_t n);
void scale_f32_avx512(float *x, float factor, size_t n);
void add_f32_avx512(float *x, const float *y, size_t n);
void mul_f32_avx512(float *x, const float *y, size_t n);

float max_f32_avx512(const float *x, size_t n);
double exp_sum_avx512(float *x, size_t n, float max);
double sum_f32_avx512(const float *x, size_t n);
double dot_f32_avx512(const float *x, const float *y, size_t n);
float sum_above_avx512(const float *x, const float *low, const float *high, size_t n);
void dots_f32_avx512(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                     double *out, size_t ldo);

void minhash_avx512(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                    uint32_t *out);

#endif
