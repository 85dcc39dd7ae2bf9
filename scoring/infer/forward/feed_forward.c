/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/feed_forward.h"

#include "scoring/infer/arch/arch.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/* n elements of a row of the gate, or of up where there is none, in place. */
static void activate(const struct step *step, float *gate, const float *up, size_t n)
{
    const struct kernels *kernels = &step->session->kernels;

    switch (step_hparams(step)->arch->ffn) {
    case FFN_GATED_SILU:
        kernels->silu_mul(gate, up, n);
        break;
    case FFN_GATED_GELU:
        kernels->gelu_tanh(gate, n);
        kernels->mul_f32(gate, up, n);
        break;
    case FFN_GELU_TANH:
        kernels->gelu_tanh(gate, n);
        break;
    case FFN_GELU_ERF:
        kernels->gelu_erf(gate, n);
        break;
    }
}

void feed_forward_run(struct step *step)
{
    const struct layer *layer = step->layer;
    const size_t width = layer->up.matrix.n_rows;
    const bool gated = layer->gate.matrix.data;

    for (size_t c = 0; c < width; c += STEP_COLUMNS) {
        const size_t n = min_size(STEP_COLUMNS, width - c);

        step_multiply_columns(step, gated ? &layer->gate : &layer->up, c, n, step->inner + c,
                              width);
        if (gated)
            step_multiply_columns(step, &layer->up, c, n, step->beside, n);
        for (size_t row = 0; row < step->n; row++)
            activate(step, step->inner + row * width + c, step->beside + row * n, n);
    }
    step_operand(step, step->inner, width);
    step_add(step, &layer->down, &layer->ffn_post_norm);
}
