/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avx2.h - kernels for AVX2, FMA and F16C: 8 lanes, 16 registers.
 *
 * The contract of each function is at the member of the same name in kernels.h.
 */
#ifndef CURATE_AVX2_H
#define CURATE_AVX2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PANEL_AVX2 = 16 };

void gemm_f32_avx2(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                   size_t ldb, float *out, size_t ldo, bool add);

void pack_f32_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out);
void pack_f16_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out);
void pack_bf16_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                    float *out);
void pack_q8_0_avx2(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                    float *out);

void rms_norm_avx2(const float *x, const float *weight, size_t n, float epsilon, float *out);

void rope_norm_avx2(float *x, const float *cos, const float *sin, size_t n);
void rope_neox_avx2(float *x, const float *cos, const float *sin, size_t n);

void silu_mul_avx2(float *gate, const float *up, size_t n);
void gelu_tanh_avx2(float *x, size_t n);
void soft_cap_avx2(float *x, float cap, size_t n);
void scale_f32_avx2(float *x, float factor, size_t n);
void add_f32_avx2(float *x, const float *y, size_t n);
void mul_f32_avx2(float *x, const float *y, size_t n);

float max_f32_avx2(const float *x, size_t n);
double exp_sum_avx2(float *x, size_t n, float max);
double sum_f32_avx2(const float *x, size_t n);
double dot_f32_avx2(const float *x, const float *y, size_t n);
float sum_above_avx2(const float *x, const float *low, const float *high, size_t n);
void dots_f32_avx2(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                   double *out, size_t ldo);

void minhash_avx2(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                  uint32_t *out);

#endif
