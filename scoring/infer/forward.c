/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward.h"

#include <math.h>

#include "scoring/infer/angles.h"
#include "scoring/infer/arch.h"
#include "scoring/infer/attention.h"
#include "scoring/infer/feed_forward.h"
#include "scoring/infer/hidden.h"
#include "scoring/infer/logits.h"
#include "scoring/infer/matmul.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/step.h"
#include "scoring/kernels/kernels.h"

static size_t q_width(const struct model_info *info)
{
    return (size_t)info->n_heads * info->head_dim;
}

static size_t kv_width(const struct model_info *info)
{
    return (size_t)info->n_kv_heads * info->head_dim;
}

/*
 * Queries, keys and values must stay below this: then a score, a sum of at most HEAD_DIM_MAX
 * products, is finite, and so is all that the softmax makes of it. A comparison with NaN is
 * false. Whatever goes wrong elsewhere shows here one layer later, or in the logits.
 */
static bool in_range(const float *x, size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++)
        ok &= fabsf(x[i]) <= 1e16f;
    return ok;
}

static void mark_bad(const struct step *step, size_t key, size_t thread)
{
    if (key < step->batch->bad_key[thread])
        step->batch->bad_key[thread] = key;
}

/* Rows are keys until ragged_narrow(). */
static void embed_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct session *session = step->session;
    const struct weights *weights = &session->model->weights;
    const struct ragged *batch = step->batch;
    const size_t width = step_info(step)->n_embd;
    const size_t key = step->first + row;
    const struct part *part = ragged_part_of_key(batch, key);
    float *x = batch->x + key * width;
    float *scratch = session_scratch(session, thread);

    matrix_row(session, &weights->embd, (size_t)part->sequence->tokens[key - part->first_key],
               scratch, x);
    if (step_hparams(step)->arch->scaled_embedding)
        session->kernels.scale_f32(x, sqrtf((float)width), width);
    if (weights->positions.data) {
        float *position = batch->h + row * width;

        matrix_row(session, &weights->positions, batch->position[key], scratch, position);
        session->kernels.add_f32(x, position, width);
    }
}

static void embed(struct step *step)
{
    rows_run(step->session, step->n, embed_row, step);
}

/* Norm the heads of a row where the model does, then turn them. */
static void place_heads(const struct step *step, size_t key, float *row, size_t n_heads,
                        const float *norm)
{
    const struct model_info *info = step_info(step);

    for (size_t h = 0; norm && h < n_heads; h++) {
        float *head = row + h * info->head_dim;

        step->session->kernels.rms_norm(head, norm, info->head_dim, info->norm_epsilon, head);
    }
    angles_turn(step->session, step->batch, step->layer->is_local, key, row, n_heads);
}

static void key_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct ragged *batch = step->batch;
    const size_t panel = step->session->kernels.panel;
    const size_t width = kv_width(step_info(step));
    const size_t key = step->first + row;
    const struct part *part = ragged_part_of_key(batch, key);
    float *keys = batch->inner + row * width;

    place_heads(step, key, keys, step_info(step)->n_kv_heads, step->layer->k_norm);
    bool ok = in_range(keys, width);
    for (size_t c = 0; c < width; c += panel)
        ok &= in_range(batch->v + c * batch->n_keys + key * panel,
                       width - c < panel ? width - c : panel);
    if (!ok)
        mark_bad(step, key, thread);
    attention_put_key(step->session, batch, part, batch->position[key], keys);
}

static void query_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct model_info *info = step_info(step);
    const size_t width = q_width(info);
    const size_t key = step->batch->key_of_row[step->first + row];
    float *query = step->batch->q + (step->first + row) * width;

    place_heads(step, key, query, info->n_heads, step->layer->q_norm);
    if (!in_range(query, width))
        mark_bad(step, key, thread);
    step->session->kernels.scale_f32(query, step_hparams(step)->query_scale, width);
}

static void project_keys(struct step *step)
{
    const struct session *session = step->session;
    const struct layer *layer = step->layer;
    const struct ragged *batch = step->batch;
    const size_t panel = session->kernels.panel;

    step_norm(step, &layer->attn_norm);
    step_multiply(step, &layer->k, batch->h, batch->inner);
    matmul_run(session, &(struct matmul){
                            .weights = &layer->v.matrix,
                            .bias = layer->v.bias,
                            .a = batch->h,
                            .m = step->n,
                            .lda = layer->v.matrix.n_cols,
                            .out = batch->v + step->first * panel,
                            .ldo = panel,
                            .panel_stride = batch->n_keys * panel,
                        });
    rows_run(session, step->n, key_row, step);
}

static void project_queries(struct step *step)
{
    const struct layer *layer = step->layer;
    const struct ragged *batch = step->batch;

    step_norm(step, &layer->attn_norm);
    step_multiply(step, &layer->q, batch->h, batch->q + step->first * layer->q.matrix.n_rows);
    rows_run(step->session, step->n, query_row, step);
}

/* The attention's output and the feed-forward part, each added to the residual stream. Side by
 * side, both start from the stream as it was. */
static void finish_layer(struct step *step)
{
    const struct layer *layer = step->layer;
    const float *attended = step->batch->q + step->first * layer->attn_output.matrix.n_cols;
    const bool side_by_side = step_hparams(step)->parallel_residual;

    if (side_by_side)
        step_norm(step, &layer->ffn_norm);
    step_add(step, &layer->attn_output, &layer->attn_post_norm, attended);
    if (!side_by_side)
        step_norm(step, &layer->ffn_norm);
    feed_forward_run(step);
}

/* Cut n rows into chunks. */
static void for_chunks(struct step *step, size_t n, void (*work)(struct step *))
{
    for (step->first = 0; step->first < n; step->first += CHUNK_ROWS) {
        const size_t left = n - step->first;

        step->n = left < CHUNK_ROWS ? left : CHUNK_ROWS;
        work(step);
    }
    step->first = 0;
}

int forward_run(const struct session *session, struct ragged *batch, struct error *err)
{
    const struct model *model = session->model;
    struct step step = { .session = session, .batch = batch };

    angles_fill(session, batch);
    for_chunks(&step, batch->n_rows, embed);
    for (size_t i = 0; i < batch->n_layers; i++) {
        batch->layer = i;
        step.layer = &model->weights.layers[i];
        for_chunks(&step, batch->n_keys, project_keys);
        if (i + 1 == model->info.n_layers)
            ragged_narrow(session, batch);
        for_chunks(&step, batch->n_rows, project_queries);
        if (ragged_check(session, batch, err) < 0)
            return -1;
        attention_run(session, batch, step.layer->is_local ? model->hparams.window : 0);
        if (i == 0)
            attention_reach(session, batch);
        for_chunks(&step, batch->n_rows, finish_layer);
    }
    logits_run(session, batch);
    if (ragged_check(session, batch, err) < 0)
        return -1;
    logits_nll(batch);
    hidden_means(session, batch);
    attention_means(session, batch);
    return 0;
}
