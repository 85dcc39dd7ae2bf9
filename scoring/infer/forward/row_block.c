/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/row_block.h"

#include "scoring/infer/arch/arch.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

static_assert(STEP_COLUMNS % KERNELS_PANEL_MAX == 0, "columns are cut between panels");

struct step step_begin(const struct session *session, struct ragged *batch, size_t first,
                       size_t n, size_t thread)
{
    const struct workspace *space = &session->spaces[thread];

    return (struct step){
        .session = session,
        .batch = batch,
        .first = first,
        .n = n,
        .thread = thread,
        .h = space->h,
        .inner = space->inner,
        .beside = space->beside,
        .operand = { .bf16 = space->bf16, .int8 = space->int8 },
    };
}

const struct model_info *step_info(const struct step *step)
{
    return &step->session->model->info;
}

const struct hparams *step_hparams(const struct step *step)
{
    return &step->session->model->hparams;
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

static float *stream_row(const struct step *step, size_t row)
{
    return step->batch->x + (step->first + row) * step_info(step)->n_embd;
}

void step_operand(struct step *step, const float *rows, size_t width)
{
    struct operand *operand = &step->operand;

    operand->rows = rows;
    operand->m = step->n;
    operand->width = width;
    operand->has_bf16 = operand->has_int8 = false;
}

void step_norm(struct step *step, const struct norm *norm)
{
    const size_t width = step_info(step)->n_embd;

    for (size_t row = 0; row < step->n; row++)
        norm_row(step->session, norm, stream_row(step, row), step->h + row * width);
    step_operand(step, step->h, width);
}

void step_multiply_columns(struct step *step, const struct linear *linear, size_t first,
                           size_t n, float *out, size_t ldo)
{
    matmul_run(step->session,
               &(struct matmul){
                   .weights = &linear->matrix,
                   .bias = linear->bias,
                   .a = &step->operand,
                   .first = first,
                   .n = n,
                   .out = out,
                   .ldo = ldo,
               },
               step->thread);
}

void step_multiply(struct step *step, const struct linear *linear, float *out)
{
    const size_t n = linear->matrix.n_rows;

    step_multiply_columns(step, linear, 0, n, out, n);
}

void step_add(struct step *step, const struct linear *linear, const struct norm *post)
{
    const struct kernels *kernels = &step->session->kernels;
    const size_t width = step_info(step)->n_embd;

    if (post->weight) {
        step_multiply(step, linear, step->h);
        for (size_t row = 0; row < step->n; row++) {
            float *h = step->h + row * width;

            norm_row(step->session, post, h, h);
            kernels->add_f32(stream_row(step, row), h, width);
        }
        return;
    }
    matmul_run(step->session,
               &(struct matmul){
                   .weights = &linear->matrix,
                   .a = &step->operand,
                   .n = width,
                   .out = stream_row(step, 0),
                   .ldo = width,
                   .add = true,
               },
               step->thread);
    for (size_t row = 0; linear->bias && row < step->n; row++)
        kernels->add_f32(stream_row(step, row), linear->bias, width);
}
