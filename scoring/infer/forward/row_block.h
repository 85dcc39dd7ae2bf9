/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row_block.h - a block of rows that one thread takes through a range of a layer, and what the
 * ranges of a layer are made of.
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
    size_t n;     /* rows of the block, at most block_rows of the session */
    size_t thread;
    /* The thread's own memory; a row of each holds what a row of the block becomes. */
    float *h;     /* after a norm: n_embd wide */
    float *inner; /* inside a range: feed-forward, keys, values */
    float *chunk; /* CHUNK_COLUMNS columns of something */
    struct operand operand;
};

/* Columns of a product that are taken further while they are in the second cache. */
enum { CHUNK_COLUMNS = 256 };

/* Rows [first, first + n) of the batch for a thread. */
struct row_block row_block_begin(const struct session *session, struct ragged *batch,
                                 size_t first, size_t n, size_t thread);

const struct model_info *row_block_info(const struct row_block *block);
const struct hparams *row_block_hparams(const struct row_block *block);

/* One row of n_embd floats through a norm of the model; out may be x. */
void norm_row(const struct session *session, const struct norm *norm, const float *x,
              float *out);

/* The block of the residual stream through a norm into block->h, which becomes the operand. */
void row_block_norm(struct row_block *block, const struct norm *norm);

/* What row_block_multiply() and row_block_add_product() multiply from now on: n rows of this
 * width. */
void row_block_set_operand(struct row_block *block, const float *rows, size_t width);

/* out = operand * weights^T + bias, n_rows wide. */
void row_block_multiply(struct row_block *block, const struct linear *linear, float *out);

/* The same of n columns from `first` on, a multiple of CHUNK_COLUMNS; ldo wide. */
void row_block_multiply_columns(struct row_block *block, const struct linear *linear,
                                size_t first, size_t n, float *out, size_t ldo);

/* The same, through post (if it has weights), added to the block of the residual stream.
 * Overwrites block->h if there is such a norm. */
void row_block_add_product(struct row_block *block, const struct linear *linear,
                           const struct norm *post);

#endif
