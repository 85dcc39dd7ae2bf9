/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/forward.h"

#include <math.h>

#include "base/threads/pool.h"
#include "scoring/infer/arch/arch.h"
#include "scoring/infer/forward/attention.h"
#include "scoring/infer/forward/attention_kv.h"
#include "scoring/infer/forward/feed_forward.h"
#include "scoring/infer/forward/logits.h"
#include "scoring/infer/forward/mean_pool.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/rope_table.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/infer/model/panels.h"
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

static void mark_bad(const struct step *step, size_t key)
{
    if (key < step->batch->bad_key[step->thread])
        step->batch->bad_key[step->thread] = key;
}

/* Rows are keys until ragged_narrow(). */
static void embed_row(const struct step *step, size_t key)
{
    const struct session *session = step->session;
    const struct weights *weights = &session->model->weights;
    const struct ragged *batch = step->batch;
    const size_t width = step_info(step)->n_embd;
    const struct part *part = ragged_part_of_key(batch, key);
    float *x = batch->x + key * width;
    float *scratch = session_scratch(session, step->thread);

    matrix_row(&session->kernels, &weights->embd,
               (size_t)part->sequence->tokens[batch->position[key]], scratch, x);
    if (step_hparams(step)->arch->scaled_embedding)
        session->kernels.scale_f32(x, sqrtf((float)width), width);
    if (weights->positions.data) {
        matrix_row(&session->kernels, &weights->positions, batch->position[key], scratch,
                   step->h);
        session->kernels.add_f32(x, step->h, width);
    }
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

/* Keys and values of the block, from its rows after the norm. */
static void project_keys(struct step *step)
{
    const struct ragged *batch = step->batch;
    const struct layer *layer = step->layer;
    const size_t width = kv_width(step_info(step));

    step_multiply(step, &layer->k, step->inner);
    for (size_t row = 0; row < step->n; row++) {
        const size_t key = step->first + row;
        float *keys = step->inner + row * width;

        place_heads(step, key, keys, step_info(step)->n_kv_heads, layer->k_norm);
        if (!in_range(keys, width))
            mark_bad(step, key);
        kv_put_key(step->session, batch, ragged_part_of_key(batch, key), batch->position[key],
                   keys);
    }
    step_multiply(step, &layer->v, step->inner);
    for (size_t row = 0; row < step->n; row++) {
        const size_t key = step->first + row;
        const float *values = step->inner + row * width;

        if (!in_range(values, width))
            mark_bad(step, key);
        kv_put_value(step->session, batch, ragged_part_of_key(batch, key), batch->position[key],
                     values);
    }
}

static void project_queries(struct step *step)
{
    const struct model_info *info = step_info(step);
    const struct layer *layer = step->layer;
    const size_t width = q_width(info);
    float *queries = step->batch->q + step->first * width;

    step_multiply(step, &layer->q, queries);
    for (size_t row = 0; row < step->n; row++, queries += width) {
        const size_t key = step->batch->key_of_row[step->first + row];

        place_heads(step, key, queries, info->n_heads, layer->q_norm);
        if (!in_range(queries, width))
            mark_bad(step, key);
        step->session->kernels.scale_f32(queries, step_hparams(step)->query_scale, width);
    }
}

/* The attention's output and the feed-forward part, each added to the residual stream. Side by
 * side, both start from the stream as it was. */
static void finish_layer(struct step *step)
{
    const struct layer *layer = step->layer;
    const size_t width = q_width(step_info(step));
    const bool side_by_side = step_hparams(step)->parallel_residual;

    if (side_by_side)
        step_norm(step, &layer->ffn_norm);
    step_operand(step, step->batch->q + step->first * width, width);
    step_add(step, &layer->attn_output, &layer->attn_post_norm);
    if (side_by_side)
        step_operand(step, step->h, step_info(step)->n_embd);
    else
        step_norm(step, &layer->ffn_norm);
    feed_forward_run(step);
}

/* What every block of rows goes through between two attentions. */
struct round {
    const struct session *session;
    struct ragged *batch;
    size_t block_rows;
    bool embed;
    const struct layer *finished; /* whose attention has been; may be NULL */
    const struct layer *keys;     /* whose keys and values come next; may be NULL */
    const struct layer *queries;
};

static void run_block(void *arg, size_t item, size_t thread)
{
    const struct round *round = arg;
    const size_t first = item * round->block_rows;
    struct step step =
        step_begin(round->session, round->batch, first,
                   min_size(round->block_rows, round->batch->n_rows - first), thread);

    for (size_t row = 0; round->embed && row < step.n; row++)
        embed_row(&step, first + row);
    if (round->finished) {
        step.layer = round->finished;
        finish_layer(&step);
    }
    if (!round->keys && !round->queries)
        return;
    step.layer = round->keys ? round->keys : round->queries;
    step_norm(&step, &step.layer->attn_norm);
    if (round->keys)
        project_keys(&step);
    if (round->queries)
        project_queries(&step);
}

static void run_round(struct round *round)
{
    const size_t n = round->batch->n_rows;

    round->block_rows = session_block_rows(round->session, n);
    pool_run(round->session->pool, (n + round->block_rows - 1) / round->block_rows, run_block,
             round);
}

/* Keys, values and queries of layer i, after the layer before it. In the model's last layer
 * only the rows that somebody looks at have queries. */
static void enter_layer(const struct session *session, struct ragged *batch, size_t i)
{
    const struct layer *layers = session->model->weights.layers;
    const bool is_last = i + 1 == session->model->info.n_layers;

    run_round(&(struct round){
        .session = session,
        .batch = batch,
        .embed = i == 0,
        .finished = i > 0 ? &layers[i - 1] : NULL,
        .keys = &layers[i],
        .queries = is_last ? NULL : &layers[i],
    });
    if (!is_last)
        return;
    ragged_narrow(session, batch);
    run_round(&(struct round){ .session = session, .batch = batch, .queries = &layers[i] });
}

int forward_run(const struct session *session, struct ragged *batch, struct error *err)
{
    const struct model *model = session->model;
    const struct layer *layers = model->weights.layers;

    angles_fill(session, batch);
    for (size_t i = 0; i < batch->n_layers; i++) {
        batch->layer = i;
        enter_layer(session, batch, i);
        if (ragged_check(session, batch, err) < 0)
            return -1;
        attention_run(session, batch, layers[i].is_local ? model->hparams.window : 0);
        if (i == 0)
            attention_reach(session, batch);
    }
    if (batch->n_targets > 0 || batch->n_layers == model->info.n_layers)
        run_round(&(struct round){
            .session = session, .batch = batch, .finished = &layers[batch->n_layers - 1] });
    logits_run(session, batch);
    if (ragged_check(session, batch, err) < 0)
        return -1;
    logits_nll(batch);
    hidden_means(session, batch);
    attention_means(session, batch);
    return 0;
}
