/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul.h - rows times a weight matrix, by one thread.
 */
#ifndef CURATE_MATMUL_H
#define CURATE_MATMUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct act_int8;
struct matrix;
struct session;

/* Rows to be multiplied, and what of them has been rounded for the forms of panels.h. */
struct operand {
    const float *rows; /* m x width */
    size_t m;
    size_t width;
    uint16_t *bf16; /* room for the rounded rows, NULL if no product asks for such */
    struct act_int8 *int8;
    bool has_bf16;
    bool has_int8;
};

/* out = a * weights^T, plus bias (may be NULL), plus what out holds when add is true; not both.
 * Of the columns, which are rows of the matrix, n from `first` on, a multiple of the panel. */
struct matmul {
    const struct matrix *weights;
    const float *bias;
    struct operand *a;
    size_t first;
    size_t n;
    float *out; /* m x n */
    size_t ldo;
    bool add;
};

/* Uses the thread's session_scratch(). */
void matmul_run(const struct session *session, const struct matmul *matmul, size_t thread);

#endif
