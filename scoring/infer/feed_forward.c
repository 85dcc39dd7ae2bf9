/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/feed_forward.h"

#include "scoring/infer/arch.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/step.h"
#include "scoring/kernels/kernels.h"

/* The gate's rows of a chunk come first in batch->inner, those of up after them. */
static void activate_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct kernels *kernels = &step->session->kernels;
    const size_t width = step_info(step)->n_ff;
    float *first = step->batch->inner + row * width;
    const float *second = first + step->n * width;

    (void)thread;
    switch (step_hparams(step)->arch->ffn) {
    case FFN_GATED_SILU:
        kernels->silu_mul(first, second, width);
        break;
    case FFN_GATED_GELU:
        kernels->gelu_tanh(first, width);
        kernels->mul_f32(first, second, width);
        break;
    case FFN_GELU_TANH:
        kernels->gelu_tanh(first, width);
        break;
    case FFN_GELU_ERF:
        kernels->gelu_erf(first, width);
        break;
    }
}

void feed_forward_run(struct step *step)
{
    const struct layer *layer = step->layer;
    const struct ragged *batch = step->batch;
    float *inner = batch->inner;

    if (layer->gate.matrix.data) {
        step_multiply(step, &layer->gate, batch->h, inner);
        step_multiply(step, &layer->up, batch->h, inner + step->n * layer->gate.matrix.n_rows);
    } else {
        step_multiply(step, &layer->up, batch->h, inner);
    }
    rows_run(step->session, step->n, activate_row, step);
    step_add(step, &layer->down, &layer->ffn_post_norm, inner);
}
