/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernels.h - the arithmetic the forward pass is made of.
 *
 * One function pointer per kernel, filled with the C reference and then overwritten by the best
 * variant the CPU has. No alignment is required; counts may be 0; inputs and outputs do not
 * overlap unless a kernel says so; nothing is read or written past the counts given. A variant
 * may reorder additions and fuse a multiply with an add, nothing else: tests/kernels holds it
 * to the bound given here for each kernel. Whatever the call looks like, the value of one
 * output element depends on its own operands only, never on m, n or its place in the call: this
 * is what makes scores independent of batching and of the number of threads.
 *
 * Arithmetic cannot fail: no kernel returns an error.
 */
#ifndef CURATE_KERNELS_H
#define CURATE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KERNELS_PANEL_MAX = 64,
    INT8_BLOCK = 32, /* numbers that share a scale */
    INT8_BYTES = 40, /* of a block of one column in a panel: bytes, scale, minimum */
};

/* A block whose largest number is outside these has a scale, but bytes of 0: below it is taken
 * for zeros, above it is no number, nor will a product of it be. */
#define INT8_MAGNITUDE_MIN 1e-30f
#define INT8_MAGNITUDE_MAX 0x1.fffffep127f

/* A block of a row of weights: weight l is scale * q[l] + minimum. */
struct weight_int8 {
    float scale;
    float minimum;
    int8_t q[INT8_BLOCK];
};

/* A block of a row that was rounded to bytes: element l is about scale * q[l]. */
struct act_int8 {
    float scale;
    float sum;     /* scale * sum of q */
    int32_t shift; /* -128 * sum of q */
    int8_t q[INT8_BLOCK];
};

/* What the CPU has; see cpu_detect(). */
enum cpu_flag {
    CPU_AVX2 = 1 << 0,       /* AVX2, FMA and F16C, and the system saves the registers */
    CPU_AVX512 = 1 << 1,     /* F, BW, DQ and VL on top */
    CPU_AVX512VNNI = 1 << 2, /* VNNI on top of that */
    CPU_AVX512BF16 = 1 << 3, /* BF16 on top of that */
};

struct kernels {
    const char *name; /* family: "ref", "avx2", "avx512" ...; stored with every run */
    size_t panel;     /* columns of a weight panel, at most KERNELS_PANEL_MAX */

    /*
     * out[i * ldo + j] = sum over l < k of a[i * lda + l] * b[l * ldb + j], for i < m, j < n;
     * added to what out holds when add is true. n <= panel, ldb >= n. The sum starts from out
     * or from 0 and runs in order of l, so blocks of l, each added to the one before, give the
     * bits of one call. Within (k + 1) * FLT_EPSILON * (|out| + sum |a * b|) of exact.
     */
    void (*gemm_f32)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                     size_t ldb, float *out, size_t ldo, bool add);

    /*
     * Widen n <= panel weight rows (row j starts at rows + j * row_bytes) into a panel:
     * out[l * panel + j] = element first + l of row j, for l < k; columns n..panel-1 become 0.
     * Exact (of a NaN only that it is one). For Q8_0 first and k are multiples of 32.
     */
    void (*pack_f32)(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                     float *out);
    void (*pack_f16)(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                     float *out);
    void (*pack_bf16)(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      float *out);
    void (*pack_q8_0)(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      float *out);

    /*
     * Widen elements [first, first + k) of one row of blocks; both multiples of the block: 32
     * elements, or 256 of the types named _K. Exact, but for one rounding of the sum where the
     * type has a minimum (Q4_1, Q5_1, Q2_K, Q4_K, Q5_K); of a NaN only that it is one.
     */
    void (*unpack_q4_0)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q4_1)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q5_0)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q5_1)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_iq4_nl)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q2_k)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q3_k)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q4_k)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q5_k)(const void *row, size_t first, size_t k, float *out);
    void (*unpack_q6_k)(const void *row, size_t first, size_t k, float *out);

    /*
     * Products in 8-bit integers, for weights that are bytes with scales. They round what they
     * are given: whether they are worth it is for the caller to say, by `int8`.
     */
    bool int8; /* they are much faster here than gemm_f32 */

    /*
     * Round n blocks: scale = M / 127, M the largest magnitude of the block, and q[l] = x[l] *
     * (127 / M), to the nearest, ties to even. So |x[l] - scale * q[l]| is at most M / 254 and
     * 4 * FLT_EPSILON * M. What is no number, or infinite, leaves a scale that is so too. Every
     * bit is the same in all variants.
     */
    void (*quantise_int8)(const float *x, size_t n, struct act_int8 *out);

    /* Blocks first .. first + n - 1 of 32 elements of a row; both multiples of 8 of the types
     * named _K. Exact, but for one rounding of the minimum of a _K. */
    void (*quants_q8_0)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q4_0)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q4_1)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q5_0)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q5_1)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_iq4_nl)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q4_k)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q5_k)(const void *row, size_t first, size_t n, struct weight_int8 *out);

    /*
     * n <= panel rows of n_blocks blocks, `stride` blocks apart, to a panel for gemm_int8: for
     * each block INT8_BYTES * panel bytes, first q[l] + 128 of column j at l / 4 * 4 * panel +
     * 4 * j + l % 4, then the columns' scales and minima as floats. Columns n.. are zeros. The
     * rows are within 2 GiB, and panel is that of these kernels (ref takes any). Exact.
     */
    void (*pack_int8)(const struct weight_int8 *rows, size_t stride, size_t n, size_t n_blocks,
                      size_t panel, uint8_t *out);

    /*
     * out[i * ldo + j], or 0 without add, plus for each block in order the float of the integer
     * sum of a's q times b's q, times (a's scale * b's scale); then, with minima, a's sum times
     * b's minimum. a's rows are lda blocks apart; panel is that of these kernels. Integers are
     * exact; within (4 * n_blocks + 1) * FLT_EPSILON * (|out| + sum over blocks of the
     * magnitudes of these products) of exact. Blocks in parts, each added to the one before,
     * give the bits of one call.
     */
    void (*gemm_int8)(size_t m, size_t n, size_t n_blocks, const struct act_int8 *a, size_t lda,
                      const uint8_t *b, size_t panel, bool minima, float *out, size_t ldo,
                      bool add);

    /*
     * Products of bfloat16, the upper halves of floats, summed in floats. Like those of bytes
     * they round what they are given; whether they are worth it is for the caller to say, by
     * `bf16`.
     */
    bool bf16; /* they are much faster here than gemm_f32 */

    /* Round to the nearest bfloat16, ties to even. What is below FLT_MIN becomes 0 (of its
     * sign); of a NaN stays that it is one. Every bit is the same in all variants. */
    void (*round_bf16)(const float *x, size_t n, uint16_t *out);

    /*
     * n <= panel rows of bfloat16 (row j starts at rows + j * row_bytes) to a panel of pairs
     * for gemm_bf16: element first + l of row j at out[l / 2 * 2 * panel + 2 * j + l % 2], for
     * l < k; columns n.. are zeros. k is even; panel is that of these kernels (ref takes any).
     * Exact.
     */
    void (*pair_bf16)(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      size_t panel, uint16_t *out);

    /*
     * gemm_f32 of bfloat16 rows and a panel of pairs, k even. Two products a step, the odd one
     * first: products are exact, each of the k additions rounds. Within (k + 1) *
     * FLT_EPSILON * (|out| + sum |a * b|) of exact, subnormal numbers being taken for 0. Even
     * blocks of l, each added to the one before, give the bits of one call.
     */
    void (*gemm_bf16)(size_t m, size_t n, size_t k, const uint16_t *a, size_t lda,
                      const uint16_t *b, size_t panel, float *out, size_t ldo, bool add);

    /*
     * out[i] = exp(x[i] - max), for x[i] <= max (-INFINITY gives 0); returns their sum before
     * they were rounded. The difference is rounded to float; its exp is within 4e-6 + 1.2e-7 *
     * |x[i] - max| relative, and values under 1e-37 may become 0. The sum is within n *
     * FLT_EPSILON of that of its terms.
     */
    float (*exp_bf16)(const float *x, size_t n, float max, uint16_t *out);

    /* out[i] = x[i] / sqrt(mean(x^2) + epsilon) * weight[i]; the mean in double. out may be x.
     * Three roundings: within 2 * FLT_EPSILON relative (underflow apart). */
    void (*rms_norm)(const float *x, const float *weight, size_t n, float epsilon, float *out);

    /*
     * out[i] = (x[i] - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * weight[i] + bias[i],
     * or without the bias where it is NULL; the means in double. out may be x. Within
     * 2 * FLT_EPSILON * (|(x - mean) / sqrt() * weight| + |bias|).
     */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, size_t n,
                       float epsilon, float *out);

    /* Rotate n pairs: NORM pairs (x[2i], x[2i+1]), NEOX pairs (x[i], x[i+n]). In place.
     * Within FLT_EPSILON * (|x * cos| + |y * sin|) of x * cos - y * sin, and so for the other.
     */
    void (*rope_norm)(float *x, const float *cos, const float *sin, size_t n);
    void (*rope_neox)(float *x, const float *cos, const float *sin, size_t n);

    /* gate[i] = silu(gate[i]) * up[i], silu(x) = x / (1 + exp(-x)). Relative error at most
     * 1e-6; silu below 1e-36 may become 0. */
    void (*silu_mul)(float *gate, const float *up, size_t n);

    /*
     * GELU in place: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), and the one that it
     * approximates, x / 2 * (1 + erf(x / sqrt(2))); Hendrycks and Gimpel, arXiv 1606.08415.
     * Within 2e-6 relative above -3 and 1e-7 absolute below.
     */
    void (*gelu_tanh)(float *x, size_t n);
    void (*gelu_erf)(float *x, size_t n);

    /* x[i] = cap * tanh(x[i] / cap), cap > 0. Within 2 * FLT_EPSILON * cap; the largest finite
     * x gives cap. */
    void (*soft_cap)(float *x, float cap, size_t n);

    /* The largest of n >= 1 values. Exact. */
    float (*max_f32)(const float *x, size_t n);

    /* x[i] = exp(x[i] - max), for x[i] <= max (-INFINITY gives 0); returns their sum, in
     * double. The difference is rounded to float; its exp is within 2e-7 relative, and values
     * under 1e-37 may become 0. */
    double (*exp_sum)(float *x, size_t n, float max);

    /* Sum of x, in double. */
    double (*sum_f32)(const float *x, size_t n);

    /* x[i] *= factor; x[i] += y[i]; x[i] *= y[i]. Exactly as plain C does it. */
    void (*scale_f32)(float *x, float factor, size_t n);
    void (*add_f32)(float *x, const float *y, size_t n);
    void (*mul_f32)(float *x, const float *y, size_t n);
};

/* Fill k with the best variants among cpu_flags; 0 gives the C reference. */
void kernels_init(struct kernels *k, unsigned cpu_flags);

/* The flags of this CPU: CPUID, and XCR0 for what the system saves. */
unsigned cpu_detect(void);

#endif
