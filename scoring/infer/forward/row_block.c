/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/row_block.h"

#include "scoring/infer/arch/arch.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

static_assert(CHUNK_COLUMNS % KERNELS_PANEL_MAX == 0, "a chunk is a whole number of panels");

struct row_block row_block_begin(const struct session *session, struct ragged *batch,
                                 size_t first, size_t n, size_t thread)
{
    const struct workspace *workspace = &session->workspaces[thread];

    return (struct row_block){
        .session = session,
        .batch = batch,
        .first = first,
        .n = n,
        .thread = thread,
        .h = workspace->h,
        .inner = workspace->inner,
        .chunk = workspace->chunk,
        .operand = { .bf16 = workspace->bf16, .int8 = workspace->int8 },
    };
}

const struct model_info *row_block_info(const struct row_block *block)
{
    return &block->session->model->info;
}

const struct hparams *row_block_hparams(const struct row_block *block)
{
    return &block->session->model->hparams;
}

void norm_row(const struct session *session, const struct norm *norm, const float *x,
              float *out)
{
    const struct model *model = session->model;
    const size_t width = model->info.n_embd;

    if (model->hparams.arch->norm == NORM_LAYER)
        session->kernels.layer_norm(x, norm->weight, norm->bias, width,
                                    model->info.norm_epsilon, out);
    else
        session->kernels.rms_norm(x, norm->weight, width, model->info.norm_epsilon, out);
}

static float *stream_row(const struct row_block *block, size_t row)
{
    return block->batch->x + (block->first + row) * row_block_info(block)->n_embd;
}

void row_block_set_operand(struct row_block *block, const float *rows, size_t width)
{
    struct operand *operand = &block->operand;

    operand->rows = rows;
    operand->m = block->n;
    operand->width = width;
    operand->has_bf16 = operand->has_int8 = false;
}

void row_block_norm(struct row_block *block, const struct norm *norm)
{
    const size_t width = row_block_info(block)->n_embd;

    for (size_t row = 0; row < block->n; row++)
        norm_row(block->session, norm, stream_row(block, row), block->h + row * width);
    row_block_set_operand(block, block->h, width);
}

void row_block_multiply_columns(struct row_block *block, const struct linear *linear,
                                size_t first, size_t n, float *out, size_t ldo)
{
    matmul_run(block->session,
               &(struct matmul){
                   .weights = &linear->matrix,
                   .bias = linear->bias,
                   .a = &block->operand,
                   .first = first,
                   .n = n,
                   .out = out,
                   .ldo = ldo,
               },
               block->thread);
}

void row_block_multiply(struct row_block *block, const struct linear *linear, float *out)
{
    const size_t n = linear->matrix.n_rows;

    row_block_multiply_columns(block, linear, 0, n, out, n);
}

void row_block_add_product(struct row_block *block, const struct linear *linear,
                           const struct norm *post)
{
    const struct kernels *kernels = &block->session->kernels;
    const size_t width = row_block_info(block)->n_embd;

    if (post->weight) {
        row_block_multiply(block, linear, block->h);
        for (size_t row = 0; row < block->n; row++) {
            float *h = block->h + row * width;

            norm_row(block->session, post, h, h);
            kernels->add_f32(stream_row(block, row), h, width);
        }
        return;
    }
    matmul_run(block->session,
               &(struct matmul){
                   .weights = &linear->matrix,
                   .a = &block->operand,
                   .n = width,
                   .out = stream_row(block, 0),
                   .ldo = width,
                   .add = true,
               },
               block->thread);
    for (size_t row = 0; linear->bias && row < block->n; row++)
        kernels->add_f32(stream_row(block, row), linear->bias, width);
}
