/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/rope_table.h"

#include <math.h>

#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/* Consecutive positions from 0 that turn at the same frequencies. */
struct run {
    const struct rope *rope;
    double freq[HEAD_DIM_MAX / 2];
    float *cos, *sin; /* n_rot / 2 for each position */
};

/* Angles in double: at position 64,000 a float is off by a hundredth of a radian. */
static void fill_position(void *arg, size_t position, size_t thread)
{
    const struct run *run = arg;
    const size_t half = run->rope->n_rot / 2;

    (void)thread;
    for (size_t i = 0; i < half; i++) {
        const double angle = (double)position * run->freq[i];

        run->cos[position * half + i] = (float)(cos(angle) * run->rope->magnitude);
        run->sin[position * half + i] = (float)(sin(angle) * run->rope->magnitude);
    }
}

static void fill(const struct session *session, struct run *run, size_t n_tokens,
                 size_t n_positions)
{
    rope_frequencies(run->rope, &session->stretch, n_tokens, run->freq);
    rows_run(session, n_positions, fill_position, run);
}

void angles_fill(const struct session *session, struct ragged *batch)
{
    const struct hparams *hparams = &session->model->hparams;
    const size_t half = hparams->rope.n_rot / 2;
    struct run run = { .rope = &hparams->rope, .cos = batch->cos, .sin = batch->sin };

    if (half == 0)
        return;
    fill(session, &run, 1, batch->n_shared_angles);
    for (size_t p = 0; p < batch->n_parts; p++) {
        const struct part *part = &batch->parts[p];

        if (!part->has_own_angles)
            continue;
        run.cos = batch->cos + part->first_angle * half;
        run.sin = batch->sin + part->first_angle * half;
        fill(session, &run, part->sequence->n_tokens, part->n_keys);
    }
    if (hparams->has_local_rope) {
        run.rope = &hparams->local_rope;
        run.cos = batch->local_cos;
        run.sin = batch->local_sin;
        fill(session, &run, 1, batch->max_keys);
    }
}

void angles_turn(const struct session *session, const struct ragged *batch, bool is_local,
                 size_t key, float *row, size_t n_heads)
{
    const struct kernels *kernels = &session->kernels;
    const struct hparams *hparams = &session->model->hparams;
    const size_t half = hparams->rope.n_rot / 2;
    const bool own = is_local && hparams->has_local_rope;
    const float *cos = own ? batch->local_cos + batch->position[key] * half
                           : batch->cos + batch->angle[key] * half;
    const float *sin = own ? batch->local_sin + batch->position[key] * half
                           : batch->sin + batch->angle[key] * half;

    for (size_t h = 0; half > 0 && h < n_heads; h++) {
        float *head = row + h * session->model->info.head_dim;

        if (hparams->rope.neox)
            kernels->rope_neox(head, cos, sin, half);
        else
            kernels->rope_norm(head, cos, sin, half);
    }
}
