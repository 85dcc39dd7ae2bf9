/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row_block.h - a block of rows that one thread carries from one attention to the next.
 *
 * Its functions are the building blocks of a layer: norms, and products with weight matrices.
 */
#ifndef CURATE_ROW_BLOCK_H
#define CURATE_ROW_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "scoring/infer/forward/matmul.h"

struct hparams;
struct layer;
struct linear;
struct matrix;
struct model_info;
struct norm;
struct ragged;
struct session;

struct row_block {
    const struct session *session;
    struct ragged *batch;
    const struct layer *layer;
    size_t first; /* row of the batch that is row 0 of the block */
    size_t n;     /* rows of the block, at most session_block_rows() */
    size_t thread;
    /* The thread's own memory, one row for each row of the block. */
    float *h;               /* output of a norm: n x n_embd */
    float *inner;           /* feed-forward activations, keys or values */
    float *chunk;           /* n x CHUNK_COLUMNS: some columns of a product */
    struct operand operand; /* what the functions below multiply */
};

/* Columns of a product that are processed while they are in the second-level cache. */
enum { CHUNK_COLUMNS = 256 };

/* Rows [first, first + n) of the batch, with the memory of a thread. */
struct row_block row_block_begin(const struct session *session, struct ragged *batch,
                                 size_t first, size_t n, size_t thread);

const struct model_info *row_block_info(const struct row_block *block);
const struct hparams *row_block_hparams(const struct row_block *block);

/* Apply a norm of the model to one row of n_embd floats. out may be x. */
void norm_row(const struct session *session, const struct norm *norm, const float *x,
              float *out);

/* Apply a norm to the block's rows of the residual stream. The result is in block->h, which
 * becomes the operand. */
void row_block_norm(struct row_block *block, const struct norm *norm);

/* Make n rows of `width` floats the operand of the products below. */
void row_block_set_operand(struct row_block *block, const float *rows, size_t width);

/* out = operand * W^T + bias: n x n_rows of the matrix. */
void row_block_multiply(struct row_block *block, const struct linear *linear, float *out);

/* The same for the n columns from `first` on, a multiple of CHUNK_COLUMNS. Rows of out are ldo
 * floats apart. */
void row_block_multiply_columns(struct row_block *block, const struct linear *linear,
                                size_t first, size_t n, float *out, size_t ldo);

/* Add post(operand * W^T + bias) to the residual stream. post is a norm; without weights it
 * does nothing. With weights, block->h is overwritten. */
void row_block_add_product(struct row_block *block, const struct linear *linear,
                           const struct norm *post);

#endif
