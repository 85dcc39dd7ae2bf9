/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/rope_table.h"

#include <math.h>

#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/* Consecutive rows of a table, for positions from 0 on, with the same frequencies. */
struct rope_run {
    const struct rope *rope;
    double freq[HEAD_DIM_MAX / 2];
    float *cos, *sin; /* positions x n_rot / 2 */
};

/* Angles are computed in double: at position 64,000 the error of a float is 0.01 radians. */
static void rope_table_fill_position(void *arg, size_t position, size_t thread)
{
    const struct rope_run *run = arg;
    const size_t half = run->rope->n_rot / 2;

    (void)thread;
    for (size_t i = 0; i < half; i++) {
        const double angle = (double)position * run->freq[i];

        run->cos[position * half + i] = (float)(cos(angle) * run->rope->magnitude);
        run->sin[position * half + i] = (float)(sin(angle) * run->rope->magnitude);
    }
}

static void rope_table_fill_run(const struct session *session, struct rope_run *run,
                                size_t n_tokens, size_t n_positions)
{
    rope_frequencies(run->rope, &session->stretch, n_tokens, run->freq);
    session_run_rows(session, n_positions, rope_table_fill_position, run);
}

void rope_table_fill(const struct session *session, struct ragged *batch)
{
    const struct hparams *hparams = &session->model->hparams;
    const size_t half = hparams->rope.n_rot / 2;
    struct rope_run run = { .rope = &hparams->rope, .cos = batch->cos, .sin = batch->sin };

    if (half == 0)
        return;
    rope_table_fill_run(session, &run, 1, batch->n_shared_rope_rows);
    for (size_t p = 0; p < batch->n_ranges; p++) {
        const struct batch_range *range = &batch->ranges[p];

        if (!range->has_own_rope_rows)
            continue;
        run.cos = batch->cos + range->first_rope_row * half;
        run.sin = batch->sin + range->first_rope_row * half;
        rope_table_fill_run(session, &run, range->sequence->n_tokens, range->n_keys);
    }
    if (hparams->has_local_rope) {
        run.rope = &hparams->local_rope;
        run.cos = batch->local_cos;
        run.sin = batch->local_sin;
        rope_table_fill_run(session, &run, 1, batch->max_keys);
    }
}

void rope_table_rotate(const struct session *session, const struct ragged *batch, bool is_local,
                       size_t key, float *row, size_t n_heads)
{
    const struct kernels *kernels = &session->kernels;
    const struct hparams *hparams = &session->model->hparams;
    const size_t half = hparams->rope.n_rot / 2;
    const bool own = is_local && hparams->has_local_rope;
    const float *cos = own ? batch->local_cos + batch->position[key] * half
                           : batch->cos + batch->rope_row[key] * half;
    const float *sin = own ? batch->local_sin + batch->position[key] * half
                           : batch->sin + batch->rope_row[key] * half;

    for (size_t h = 0; half > 0 && h < n_heads; h++) {
        float *head = row + h * session->model->info.head_dim;

        if (hparams->rope.neox)
            kernels->rope_neox(head, cos, sin, half);
        else
            kernels->rope_norm(head, cos, sin, half);
    }
}
