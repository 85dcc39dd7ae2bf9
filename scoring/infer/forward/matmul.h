/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul.h - multiply rows by a weight matrix, in one thread.
 */
#ifndef CURATE_MATMUL_H
#define CURATE_MATMUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct act_int8;
struct matrix;
struct session;

/* Rows to multiply, and their rounded copies for the forms of panels.h. A copy is made by the
 * first product that needs it and reused by the next ones. */
struct operand {
    const float *rows; /* m x width */
    size_t m;
    size_t width;
    uint16_t *bf16;        /* room for the rows in bfloat16; NULL if no product needs it */
    struct act_int8 *int8; /* room for the rows in 8-bit blocks; NULL likewise */
    bool has_bf16;
    bool has_int8;
};

/* out = a * W^T, plus bias (may be NULL). With add, the product is added to out; bias must then
 * be NULL. Only n columns of out are computed, from column `first` on, a multiple of the panel.
 * A column of out is a row of the weight matrix. */
struct matmul {
    const struct matrix *weights;
    const float *bias;
    struct operand *a;
    size_t first;
    size_t n;
    float *out; /* m x n */
    size_t ldo; /* floats from a row of out to the next */
    bool add;
};

/* Overwrites session_scratch() of the thread. */
void matmul_run(const struct session *session, const struct matmul *matmul, size_t thread);

#endif
