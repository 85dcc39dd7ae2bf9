/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/step.h"

#include "scoring/infer/arch.h"
#include "scoring/infer/matmul.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/kernels/kernels.h"

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

static float *h_row(const struct step *step, size_t row)
{
    return step->batch->h + row * step_info(step)->n_embd;
}

static void norm_into_h(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;

    (void)thread;
    norm_row(step->session, step->norm, stream_row(step, row), h_row(step, row));
}

void step_norm(struct step *step, const struct norm *norm)
{
    step->norm = norm;
    rows_run(step->session, step->n, norm_into_h, step);
}

static void multiply(const struct step *step, const struct matrix *weights, const float *bias,
                     const float *a, float *out, bool add)
{
    matmul_run(step->session, &(struct matmul){
                                  .weights = weights,
                                  .bias = bias,
                                  .a = a,
                                  .m = step->n,
                                  .lda = weights->n_cols,
                                  .out = out,
                                  .ldo = weights->n_rows,
                                  .panel_stride = step->session->kernels.panel,
                                  .add = add,
                              });
}

void step_multiply(const struct step *step, const struct linear *linear, const float *a,
                   float *out)
{
    multiply(step, &linear->matrix, linear->bias, a, out, false);
}

static void add_bias(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;

    (void)thread;
    step->session->kernels.add_f32(stream_row(step, row), step->bias, step_info(step)->n_embd);
}

static void add_normed(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    float *h = h_row(step, row);

    (void)thread;
    norm_row(step->session, step->norm, h, h);
    step->session->kernels.add_f32(stream_row(step, row), h, step_info(step)->n_embd);
}

void step_add(struct step *step, const struct linear *linear, const struct norm *post,
              const float *a)
{
    if (post->weight) {
        step_multiply(step, linear, a, step->batch->h);
        step->norm = post;
        rows_run(step->session, step->n, add_normed, step);
        return;
    }
    multiply(step, &linear->matrix, NULL, a, stream_row(step, 0), true);
    step->bias = linear->bias;
    if (step->bias)
        rows_run(step->session, step->n, add_bias, step);
}
