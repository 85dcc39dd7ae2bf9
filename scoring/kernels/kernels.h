/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernels.h - the arithmetic of the forward pass.
 *
 * There is one function pointer per kernel. It is set to the C reference, then overwritten by
 * the best variant for the CPU. No alignment is required. Counts may be 0. Inputs and outputs
 * do not overlap unless a kernel says so. Nothing is read or written beyond the given counts.
 *
 * A variant may reorder additions and fuse a multiplication with an addition, but nothing else.
 * tests/kernels checks it against the error bound given here for each kernel. The value of an
 * output element depends only on its own operands, never on m, n or its place in the call. So
 * scores do not depend on batching or on the number of threads.
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
    INT8_BLOCK = 32, /* numbers with a common scale */
    INT8_BYTES = 40, /* a block of one column in a panel: 32 bytes, a scale and a minimum */
};

/* A block whose largest magnitude is outside these bounds is stored as bytes of 0. Below, the
 * scale is 0 too: the block counts as zeros. Above, the scale is infinite or NaN, and no
 * product of the block is finite. */
#define INT8_MAGNITUDE_MIN 1e-30f
#define INT8_MAGNITUDE_MAX 0x1.fffffep127f

/* A block of a row of weights: weight l is scale * q[l] + minimum. */
struct weight_int8 {
    float scale;
    float minimum;
    int8_t q[INT8_BLOCK];
};

/* A block of a row of activations, rounded to bytes: element l is about scale * q[l]. */
struct act_int8 {
    float scale;
    float sum;     /* scale * sum of q */
    int32_t shift; /* -128 * sum of q */
    int8_t q[INT8_BLOCK];
};

/* Instruction sets of the CPU; see cpu_detect(). Each flag implies the ones before it. */
enum cpu_flag {
    CPU_AVX2 = 1 << 0,       /* AVX2, FMA and F16C, and the system saves the registers */
    CPU_AVX512 = 1 << 1,     /* also AVX-512 F, BW, DQ and VL */
    CPU_AVX512VNNI = 1 << 2, /* also VNNI */
    CPU_AVX512BF16 = 1 << 3, /* also BF16 */
};

struct kernels {
    const char *name; /* family: "ref", "avx2", "avx512" ...; stored with every run */
    size_t panel;     /* columns of a weight panel, at most KERNELS_PANEL_MAX */

    /*
     * out[i * ldo + j] = sum over l < k of a[i * lda + l] * b[l * ldb + j], for i < m, j < n.
     * With add, the sum is added to out. n <= panel, ldb >= n. The sum starts from out or from
     * 0 and runs in order of l. So calls for consecutive blocks of l, each with add after the
     * first, give the bits of one call. The result is within (k + 1) * FLT_EPSILON *
     * (|out| + sum |a * b|) of the exact one.
     */
    void (*gemm_f32)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                     size_t ldb, float *out, size_t ldo, bool add);

    /*
     * Widen n <= panel weight rows (row j starts at rows + j * row_bytes) into a panel:
     * out[l * panel + j] = element first + l of row j, for l < k; columns n .. panel - 1 become
     * 0. Exact, except that a NaN may become another NaN. For Q8_0, first and k are multiples
     * of 32.
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
     * Widen elements [first, first + k) of one row of blocks. first and k are multiples of the
     * block: 32 elements, or 256 for types named _K. Exact, except for one rounding of the sum
     * if the type has a minimum (Q4_1, Q5_1, Q2_K, Q4_K, Q5_K), and that a NaN may become
     * another NaN.
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
     * Products in 8-bit integers, for weights that are stored as bytes with scales. They round
     * the activations. The caller decides by `int8` if that is worth it.
     */
    bool int8; /* these products are much faster than gemm_f32 */

    /*
     * Round n blocks of activations: scale = M / 127, where M is the largest magnitude of the
     * block, and q[l] = x[l] * (127 / M), to the nearest, ties to even. So |x[l] - scale *
     * q[l]| is at most M / 254 + 4 * FLT_EPSILON * M. If an element is NaN or infinite, so is
     * the scale. All variants give the same bits.
     */
    void (*quantise_int8)(const float *x, size_t n, struct act_int8 *out);

    /* Read blocks first .. first + n - 1, of 32 elements each, of a row of weights. For types
     * named _K, first and n are multiples of 8. Exact, except for one rounding of the minimum
     * of a type _K. */
    void (*quants_q8_0)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q4_0)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q4_1)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q5_0)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q5_1)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_iq4_nl)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q4_k)(const void *row, size_t first, size_t n, struct weight_int8 *out);
    void (*quants_q5_k)(const void *row, size_t first, size_t n, struct weight_int8 *out);

    /*
     * Pack n <= panel rows of n_blocks blocks, `stride` blocks apart, into a panel for
     * gemm_int8. For each block it has INT8_BYTES * panel bytes: first q[l] + 128 of column j
     * at l / 4 * 4 * panel + 4 * j + l % 4, then the scales and the minima of the columns as
     * floats. Columns n .. panel - 1 are zeros. The rows span less than 2 GiB. panel is that of
     * these kernels (the reference accepts any). Exact.
     */
    void (*pack_int8)(const struct weight_int8 *rows, size_t stride, size_t n, size_t n_blocks,
                      size_t panel, uint8_t *out);

    /*
     * Start from out[i * ldo + j], or from 0 without add. For each block, in order, add the
     * float of (integer sum of a's q times b's q) * (a's scale * b's scale); with minima, then
     * add a's sum * b's minimum. Rows of a are lda blocks apart. panel is that of these
     * kernels. Integer sums are exact. The result is within (4 * n_blocks + 1) * FLT_EPSILON *
     * (|out| + sum over blocks of the magnitudes of these products) of the exact one. Calls for
     * consecutive runs of blocks, each with add after the first, give the bits of one call.
     */
    void (*gemm_int8)(size_t m, size_t n, size_t n_blocks, const struct act_int8 *a, size_t lda,
                      const uint8_t *b, size_t panel, bool minima, float *out, size_t ldo,
                      bool add);

    /*
     * Products of bfloat16 numbers (the upper halves of floats), summed in floats. They too
     * round the activations. The caller decides by `bf16` if that is worth it.
     */
    bool bf16; /* these products are much faster than gemm_f32 */

    /* Round to the nearest bfloat16, ties to even. Magnitudes below FLT_MIN become 0 with the
     * same sign. A NaN stays a NaN. All variants give the same bits. */
    void (*round_bf16)(const float *x, size_t n, uint16_t *out);

    /*
     * Pack n <= panel rows of bfloat16 (row j starts at rows + j * row_bytes) into a panel of
     * pairs for gemm_bf16: element first + l of row j is at
     * out[l / 2 * 2 * panel + 2 * j + l % 2], for l < k. Columns n .. panel - 1 are zeros. k is
     * even. panel is that of these kernels (the reference accepts any). Exact.
     */
    void (*pair_bf16)(const void *rows, size_t row_bytes, size_t n, size_t first, size_t k,
                      size_t panel, uint16_t *out);

    /*
     * Like gemm_f32, for bfloat16 rows and a panel of pairs. k is even. Each step adds two
     * products, that of the odd l first. Products are exact; each of the k additions rounds.
     * The result is within (k + 1) * FLT_EPSILON * (|out| + sum |a * b|) of the exact one, if
     * subnormal numbers count as 0. Calls for consecutive blocks of an even number of l, each
     * with add after the first, give the bits of one call.
     */
    void (*gemm_bf16)(size_t m, size_t n, size_t k, const uint16_t *a, size_t lda,
                      const uint16_t *b, size_t panel, float *out, size_t ldo, bool add);

    /*
     * out[i] = exp(x[i] - max) in bfloat16, for x[i] <= max (-INFINITY gives 0). Returns the
     * sum of the values before rounding to bfloat16. The difference is rounded to float; its
     * exp is within 4e-6 + 1.2e-7 * |x[i] - max| relative, and values below 1e-37 may become 0.
     * The sum is within n * FLT_EPSILON relative of the sum of its terms.
     */
    float (*exp_bf16)(const float *x, size_t n, float max, uint16_t *out);

    /* out[i] = x[i] / sqrt(mean(x^2) + epsilon) * weight[i], with the mean in double. out may
     * be x. Three roundings: within 2 * FLT_EPSILON relative, except for underflow. */
    void (*rms_norm)(const float *x, const float *weight, size_t n, float epsilon, float *out);

    /*
     * out[i] = (x[i] - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * weight[i] + bias[i],
     * with the means in double. bias may be NULL. out may be x. Within
     * 2 * FLT_EPSILON * (|(x - mean) / sqrt() * weight| + |bias|).
     */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, size_t n,
                       float epsilon, float *out);

    /* Rotate n pairs in place: rope_norm pairs (x[2i], x[2i+1]), rope_neox pairs (x[i],
     * x[i+n]). Within FLT_EPSILON * (|x * cos| + |y * sin|) of x * cos - y * sin, and likewise
     * for x * sin + y * cos. */
    void (*rope_norm)(float *x, const float *cos, const float *sin, size_t n);
    void (*rope_neox)(float *x, const float *cos, const float *sin, size_t n);

    /* gate[i] = silu(gate[i]) * up[i], where silu(x) = x / (1 + exp(-x)). Relative error at
     * most 1e-6; a silu below 1e-36 in magnitude may become 0. */
    void (*silu_mul)(float *gate, const float *up, size_t n);

    /*
     * GELU in place (Hendrycks and Gimpel, arXiv 1606.08415). gelu_tanh is the approximation
     * x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))); gelu_erf is the exact function,
     * x / 2 * (1 + erf(x / sqrt(2))). Within 2e-6 relative for x above -3, and within 1e-7
     * absolute below.
     */
    void (*gelu_tanh)(float *x, size_t n);
    void (*gelu_erf)(float *x, size_t n);

    /* x[i] = cap * tanh(x[i] / cap), cap > 0. Within 2 * FLT_EPSILON * cap; the largest finite
     * x gives cap. */
    void (*soft_cap)(float *x, float cap, size_t n);

    /* The largest of n >= 1 values. Exact. */
    float (*max_f32)(const float *x, size_t n);

    /* x[i] = exp(x[i] - max), for x[i] <= max (-INFINITY gives 0). Returns their sum, added in
     * double. The difference is rounded to float; its exp is within 2e-7 relative, and values
     * below 1e-37 may become 0. */
    double (*exp_sum)(float *x, size_t n, float max);

    /*
     * The sum of x[i] * y[i], in double: 8 sums of every 8th product, added as
     * ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)). Products of floats are exact in double, so all
     * variants give the same bits.
     */
    double (*dot_f32)(const float *x, const float *y, size_t n);

    /* out[i * ldo + j] = dot_f32(x[i], y[j], k), for i < m, j < n: the same bits. It is several
     * times as fast, because each vector that is loaded serves several products. */
    void (*dots_f32)(const float *const *x, size_t m, const float *const *y, size_t n, size_t k,
                     double *out, size_t ldo);

    /* The sum of min(max(x[i], low[i]), high[i]) - low[i], where low[i] <= high[i], in floats:
     * within (n + 1) * FLT_EPSILON relative. */
    float (*sum_above)(const float *x, const float *low, const float *high, size_t n);

    /* The sum of x, added in double. */
    double (*sum_f32)(const float *x, size_t n);

    /* x[i] *= factor; x[i] += y[i]; x[i] *= y[i]. The same bits as in plain C. */
    void (*scale_f32)(float *x, float factor, size_t n);
    void (*add_f32)(float *x, const float *y, size_t n);
    void (*mul_f32)(float *x, const float *y, size_t n);

    /* out[i] = min(out[i], mix(a[i] * x[j] + b[i]) for all j < n), for i < k, in 32-bit
     * integers, where mix(v) = (v ^ v >> 15) * 0x2c1b3c6d. All variants give the same bits. */
    void (*minhash)(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                    uint32_t *out);
};

/* Fill k with the best variants for cpu_flags. 0 gives the C reference. */
void kernels_init(struct kernels *k, unsigned cpu_flags);

/* Find the flags that allow a family, by its name, and no better one. Returns false if there is
 * no such family. */
bool kernels_find_flags(const char *name, unsigned *cpu_flags);
/* The names of all families, for messages. */
#define KERNELS_FAMILIES "ref, avx2, avx512, avx512vnni, avx512bf16"

/* The flags of this CPU, from CPUID, and from XCR0 for the registers that the system saves. */
unsigned cpu_detect(void);

#endif
