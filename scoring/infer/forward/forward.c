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
 * Queries, keys and values must not exceed 1e16 in magnitude. Then a score, a sum of at most
 * HEAD_DIM_MAX products, is finite, and so is the softmax. The comparison is false for NaN. A
 * value that becomes too large elsewhere shows up here one layer later, or in the logits.
 */
static bool in_range(const float *x, size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++)
        ok &= fabsf(x[i]) <= 1e16f;
    return ok;
}

static void mark_bad_row(const struct row_block *block, size_t key)
{
    if (key < block->batch->bad_key[block->thread])
        block->batch->bad_key[block->thread] = key;
}

/* Until ragged_keep_observed(), there is one row per key. */
static void embed_row(const struct row_block *block, size_t key)
{
    const struct session *session = block->session;
    const struct weights *weights = &session->model->weights;
    const struct ragged *batch = block->batch;
    const size_t width = row_block_info(block)->n_embd;
    const struct batch_range *range = ragged_range_of_key(batch, key);
    float *x = batch->x + key * width;
    float *scratch = session_scratch(session, block->thread);

    matrix_row(&session->kernels, &weights->embd,
               (size_t)range->sequence->tokens[batch->position[key]], scratch, x);
    if (row_block_hparams(block)->arch->scaled_embedding)
        session->kernels.scale_f32(x, sqrtf((float)width), width);
    if (weights->positions.data) {
        matrix_row(&session->kernels, &weights->positions, batch->position[key], scratch,
                   block->h);
        session->kernels.add_f32(x, block->h, width);
    }
}

/* Apply the norm of heads, if the model has one, and the rotary position. */
static void norm_and_rotate_heads(const struct row_block *block, size_t key, float *row,
                                  size_t n_heads, const float *norm)
{
    const struct model_info *info = row_block_info(block);

    for (size_t h = 0; norm && h < n_heads; h++) {
        float *head = row + h * info->head_dim;

        block->session->kernels.rms_norm(head, norm, info->head_dim, info->norm_epsilon, head);
    }
    rope_table_rotate(block->session, block->batch, block->layer->is_local, key, row, n_heads);
}

/* Compute the keys and values of the block and store them. The operand is the normed rows. */
static void project_keys_and_values(struct row_block *block)
{
    const struct ragged *batch = block->batch;
    const struct layer *layer = block->layer;
    const size_t width = kv_width(row_block_info(block));

    row_block_multiply(block, &layer->k, block->inner);
    for (size_t row = 0; row < block->n; row++) {
        const size_t key = block->first + row;
        float *keys = block->inner + row * width;

        norm_and_rotate_heads(block, key, keys, row_block_info(block)->n_kv_heads,
                              layer->k_norm);
        if (!in_range(keys, width))
            mark_bad_row(block, key);
        kv_put_key(block->session, batch, ragged_range_of_key(batch, key), batch->position[key],
                   keys);
    }
    row_block_multiply(block, &layer->v, block->inner);
    for (size_t row = 0; row < block->n; row++) {
        const size_t key = block->first + row;
        const float *values = block->inner + row * width;

        if (!in_range(values, width))
            mark_bad_row(block, key);
        kv_put_value(block->session, batch, ragged_range_of_key(batch, key),
                     batch->position[key], values);
    }
}

static void project_queries(struct row_block *block)
{
    const struct model_info *info = row_block_info(block);
    const struct layer *layer = block->layer;
    const size_t width = q_width(info);
    float *queries = block->batch->q + block->first * width;

    row_block_multiply(block, &layer->q, queries);
    for (size_t row = 0; row < block->n; row++, queries += width) {
        const size_t key = block->batch->key_of_row[block->first + row];

        norm_and_rotate_heads(block, key, queries, info->n_heads, layer->q_norm);
        if (!in_range(queries, width))
            mark_bad_row(block, key);
        block->session->kernels.scale_f32(queries, row_block_hparams(block)->query_scale,
                                          width);
    }
}

/* Add the output of attention and of the feed-forward network to the residual stream. With a
 * parallel residual, both start from the same stream. */
static void finish_layer(struct row_block *block)
{
    const struct layer *layer = block->layer;
    const size_t width = q_width(row_block_info(block));
    const bool parallel = row_block_hparams(block)->parallel_residual;

    if (parallel)
        row_block_norm(block, &layer->ffn_norm);
    row_block_set_operand(block, block->batch->q + block->first * width, width);
    row_block_add_product(block, &layer->attn_output, &layer->attn_post_norm);
    if (parallel)
        row_block_set_operand(block, block->h, row_block_info(block)->n_embd);
    else
        row_block_norm(block, &layer->ffn_norm);
    feed_forward_run(block);
}

/* The work on every block of rows between two attentions. */
struct row_pass {
    const struct session *session;
    struct ragged *batch;
    size_t block_rows;
    bool embed;
    const struct layer *finish;  /* add this layer's attention and feed-forward; or NULL */
    const struct layer *keys;    /* then compute this layer's keys and values; or NULL */
    const struct layer *queries; /* and this layer's queries; or NULL */
};

static void run_row_pass_block(void *arg, size_t item, size_t thread)
{
    const struct row_pass *pass = arg;
    const size_t first = item * pass->block_rows;
    struct row_block block =
        row_block_begin(pass->session, pass->batch, first,
                        min_size(pass->block_rows, pass->batch->n_rows - first), thread);

    for (size_t row = 0; pass->embed && row < block.n; row++)
        embed_row(&block, first + row);
    if (pass->finish) {
        block.layer = pass->finish;
        finish_layer(&block);
    }
    if (!pass->keys && !pass->queries)
        return;
    block.layer = pass->keys ? pass->keys : pass->queries;
    row_block_norm(&block, &block.layer->attn_norm);
    if (pass->keys)
        project_keys_and_values(&block);
    if (pass->queries)
        project_queries(&block);
}

static void run_row_pass(struct row_pass *pass)
{
    const size_t n = pass->batch->n_rows;

    pass->block_rows = session_block_rows(pass->session, n);
    pool_run(pass->session->pool, (n + pass->block_rows - 1) / pass->block_rows,
             run_row_pass_block, pass);
}

/* Finish the layer before layer i, and compute the keys, values and queries of layer i. In the
 * model's last layer, only rows whose output is requested have queries. */
static void enter_layer(const struct session *session, struct ragged *batch, size_t i)
{
    const struct layer *layers = session->model->weights.layers;
    const bool is_last = i + 1 == session->model->info.n_layers;

    run_row_pass(&(struct row_pass){
        .session = session,
        .batch = batch,
        .embed = i == 0,
        .finish = i > 0 ? &layers[i - 1] : NULL,
        .keys = &layers[i],
        .queries = is_last ? NULL : &layers[i],
    });
    if (!is_last)
        return;
    ragged_keep_observed(session, batch);
    run_row_pass(
        &(struct row_pass){ .session = session, .batch = batch, .queries = &layers[i] });
}

int forward_run(const struct session *session, struct ragged *batch, struct error *err)
{
    const struct model *model = session->model;
    const struct layer *layers = model->weights.layers;

    rope_table_fill(session, batch);
    for (size_t i = 0; i < batch->n_layers; i++) {
        batch->layer = i;
        enter_layer(session, batch, i);
        if (ragged_check_values(session, batch, err) < 0)
            return -1;
        attention_run(session, batch, layers[i].is_local ? model->hparams.window : 0);
        if (i == 0)
            attention_reach(session, batch);
    }
    if (batch->n_targets > 0 || batch->n_layers == model->info.n_layers)
        run_row_pass(&(struct row_pass){
            .session = session, .batch = batch, .finish = &layers[batch->n_layers - 1] });
    logits_run(session, batch);
    if (ragged_check_values(session, batch, err) < 0)
        return -1;
    logits_nll(batch);
    mean_pool_run(session, batch);
    attention_means(session, batch);
    return 0;
}
