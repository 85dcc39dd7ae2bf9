/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul.h - rows times a weight matrix, straight from the mapped file.
 */
#ifndef CURATE_MATMUL_H
#define CURATE_MATMUL_H

#include <stdbool.h>
#include <stddef.h>

struct matrix;
struct session;

/*
 * out = a * weights^T, plus bias (may be NULL), plus what out holds when add is true; not both.
 * Output columns are stored in groups of a panel: column c of row i is at
 * out[c / panel * panel_stride + i * ldo + c % panel], so that panel_stride = panel gives plain
 * rows, and ldo = panel gives panels that gemm can take as its right side.
 */
struct matmul {
    const struct matrix *weights;
    const float *bias;
    const float *a;
    size_t m; /* at most CHUNK_ROWS */
    size_t lda;
    float *out;
    size_t ldo;
    size_t panel_stride;
    bool add;
};

void matmul_run(const struct session *session, const struct matmul *matmul);

/* Widen row i of a matrix (a token's embedding). scratch has SCRATCH_FLOATS. */
void matrix_row(const struct session *session, const struct matrix *matrix, size_t i,
                float *scratch, float *out);

#endif
