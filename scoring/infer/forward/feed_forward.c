/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/feed_forward.h"

#include "scoring/infer/arch/arch.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/* Activate n elements of the gate projection, in place, and multiply them by those of the up
 * projection. Without a gate, `gate` is the up projection and is only activated. */
static void apply_activation(const struct row_block *block, float *gate, const float *up,
                             size_t n)
{
    const struct kernels *kernels = &block->session->kernels;

    switch (row_block_hparams(block)->arch->ffn) {
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

void feed_forward_run(struct row_block *block)
{
    const struct layer *layer = block->layer;
    const size_t width = layer->up.matrix.n_rows;
    const bool gated = layer->gate.matrix.data;

    for (size_t c = 0; c < width; c += CHUNK_COLUMNS) {
        const size_t n = min_size(CHUNK_COLUMNS, width - c);

        row_block_multiply_columns(block, gated ? &layer->gate : &layer->up, c, n,
                                   block->inner + c, width);
        if (gated)
            row_block_multiply_columns(block, &layer->up, c, n, block->chunk, n);
        for (size_t row = 0; row < block->n; row++)
            apply_activation(block, block->inner + row * width + c, block->chunk + row * n, n);
    }
    row_block_set_operand(block, block->inner, width);
    row_block_add_product(block, &layer->down, &layer->ffn_post_norm);
}
