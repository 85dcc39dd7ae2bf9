/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ref.h - every kernel in plain C: runs on any CPU, and is the reference for the variants.
 *
 * The contract of each function is at the member of the same name in kernels.h.
 */
#ifndef CURATE_REF_H
#define CURATE_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PANEL_REF = 16 };

void gemm_f32_ref(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                  size_t ldb, float *out, size_t ldo, bool add);

void pack_f32_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                  float *out);
void pack_f16_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                  float *out);
void pack_bf16_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out);
void pack_q8_0_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   float *out);

/* Widen the f16 at p, which may be unaligned. Exact. */
float half_at(const uint8_t *p);

void unpack_q4_0_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q4_1_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q5_0_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q5_1_ref(const void *row, size_t first, size_t k, float *out);
void unpack_iq4_nl_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q2_k_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q3_k_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q4_k_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q5_k_ref(const void *row, size_t first, size_t k, float *out);
void unpack_q6_k_ref(const void *row, size_t first, size_t k, float *out);

struct act_int8;
struct weight_int8;

void quantise_int8_ref(const float *x, size_t n, struct act_int8 *out);
void quants_q8_0_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_q4_0_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_q4_1_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_q5_0_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_q5_1_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_iq4_nl_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_q4_k_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void quants_q5_k_ref(const void *row, size_t first, size_t n, struct weight_int8 *out);
void pack_int8_ref(const struct weight_int8 *rows, size_t stride, size_t n, size_t n_blocks,
                   size_t panel, uint8_t *out);
void gemm_int8_ref(size_t m, size_t n, size_t n_blocks, const struct act_int8 *a, size_t lda,
                   const uint8_t *b, size_t panel, bool minima, float *out, size_t ldo,
                   bool add);

void round_bf16_ref(const float *x, size_t n, uint16_t *out);
float exp_bf16_ref(const float *x, size_t n, float max, uint16_t *out);
void pair_bf16_ref(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                   size_t panel, uint16_t *out);
void gemm_bf16_ref(size_t m, size_t n, size_t k, const uint16_t *a, size_t lda,
                   const uint16_t *b, size_t panel, float *out, size_t ldo, bool add);

void rms_norm_ref(const float *x, const float *weight, size_t n, float epsilon, float *out);
void layer_norm_ref(const float *x, const float *weight, const float *bias, size_t n,
                    float epsilon, float *out);

void rope_norm_ref(float *x, const float *cos, const float *sin, size_t n);
void rope_neox_ref(float *x, const float *cos, const float *sin, size_t n);

void silu_mul_ref(float *gate, const float *up, size_t n);
void gelu_tanh_ref(float *x, size_t n);
void gelu_erf_ref(float *x, size_t n);
void soft_cap_ref(float *x, float cap, size_t n);
void mul_f32_ref(float *x, const float *y, size_t n);
void scale_f32_ref(float *x, float factor, size_t n);
void add_f32_ref(float *x, const float *y, size_t n);

float max_f32_ref(const float *x, size_t n);
double exp_sum_ref(float *x, size_t n, float max);
double sum_f32_ref(const float *x, size_t n);
double dot_f32_ref(const float *x, const float *y, size_t n);
float sum_above_ref(const float *x, const float *low, const float *high, size_t n);
void dots_f32_ref(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                  double *out, size_t ldo);

void minhash_ref(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                 uint32_t *out);

#endif
