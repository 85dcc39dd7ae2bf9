/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward.h"

#include <math.h>

#include "scoring/infer/attention.h"
#include "scoring/infer/hidden.h"
#include "scoring/infer/logits.h"
#include "scoring/infer/matmul.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/kernels/kernels.h"

/* What the row functions of one layer go along with. */
struct step {
    const struct session *session;
    struct ragged *batch;
    const struct layer *layer;
    const float *norm; /* weights of the norm at hand */
    size_t first;      /* row of the batch that is row 0 of the chunk */
    size_t n;          /* rows of the chunk */
};

static const struct model_info *info_of(const struct step *step)
{
    return &step->session->model->info;
}

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

static void embed_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct ragged *batch = step->batch;
    const struct part *part = ragged_part_of_key(batch, row);

    /* Rows are keys until ragged_narrow(). */
    matrix_row(step->session, &step->session->model->weights.embd,
               (size_t)part->sequence->tokens[row - part->first_key],
               session_scratch(step->session, thread), batch->x + row * info_of(step)->n_embd);
}

/* Angles in double: at position 64,000 a float is off by a hundredth of a radian. */
static void turn_row(void *arg, size_t position, size_t thread)
{
    const struct step *step = arg;
    const struct model_info *info = info_of(step);
    const size_t half = info->head_dim / 2;

    (void)thread;
    for (size_t i = 0; i < half; i++) {
        const double angle = (double)position * pow(info->rope_base, -(double)i / (double)half);

        step->batch->cos[position * half + i] = (float)cos(angle);
        step->batch->sin[position * half + i] = (float)sin(angle);
    }
}

static void rotate(const struct step *step, float *row, size_t n_heads, size_t key)
{
    const struct kernels *kernels = &step->session->kernels;
    const struct model_info *info = info_of(step);
    const size_t half = info->head_dim / 2;
    const size_t at = step->batch->position[key] * half;

    for (size_t h = 0; h < n_heads; h++) {
        float *head = row + h * info->head_dim;

        if (info->rope_neox)
            kernels->rope_neox(head, step->batch->cos + at, step->batch->sin + at, half);
        else
            kernels->rope_norm(head, step->batch->cos + at, step->batch->sin + at, half);
    }
}

static void norm_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct model_info *info = info_of(step);
    const size_t width = info->n_embd;

    (void)thread;
    step->session->kernels.rms_norm(step->batch->x + (step->first + row) * width, step->norm,
                                    width, info->norm_epsilon, step->batch->h + row * width);
}

static void key_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const struct ragged *batch = step->batch;
    const size_t panel = step->session->kernels.panel;
    const size_t width = kv_width(info_of(step));
    const size_t key = step->first + row;
    const struct part *part = ragged_part_of_key(batch, key);
    float *keys = batch->inner + row * width;

    rotate(step, keys, info_of(step)->n_kv_heads, key);
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
    const struct model_info *info = info_of(step);
    const size_t width = q_width(info);
    const size_t key = step->batch->key_of_row[step->first + row];
    float *query = step->batch->q + (step->first + row) * width;

    rotate(step, query, info->n_heads, key);
    if (!in_range(query, width))
        mark_bad(step, key, thread);
    step->session->kernels.scale_f32(query, (float)(1 / sqrt((double)info->head_dim)), width);
}

static void gate_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const size_t width = info_of(step)->n_ff;
    float *gate = step->batch->inner + row * width;

    (void)thread;
    step->session->kernels.silu_mul(gate, gate + step->n * width, width);
}

/* out = a * weights^T + bias for the rows of the chunk, as plain rows. */
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

static void project_keys(struct step *step)
{
    const struct session *session = step->session;
    const struct layer *layer = step->layer;
    const struct ragged *batch = step->batch;
    const size_t panel = session->kernels.panel;

    step->norm = layer->attn_norm;
    rows_run(session, step->n, norm_row, step);
    multiply(step, &layer->k, layer->k_bias, batch->h, batch->inner, false);
    matmul_run(session, &(struct matmul){
                            .weights = &layer->v,
                            .bias = layer->v_bias,
                            .a = batch->h,
                            .m = step->n,
                            .lda = layer->v.n_cols,
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

    step->norm = layer->attn_norm;
    rows_run(step->session, step->n, norm_row, step);
    multiply(step, &layer->q, layer->q_bias, batch->h, batch->q + step->first * layer->q.n_rows,
             false);
    rows_run(step->session, step->n, query_row, step);
}

static void add_bias_row(void *arg, size_t row, size_t thread)
{
    const struct step *step = arg;
    const size_t width = info_of(step)->n_embd;

    (void)thread;
    step->session->kernels.add_f32(step->batch->x + (step->first + row) * width,
                                   step->layer->attn_output_bias, width);
}

/* The attention's output and the feed-forward part, each added to the residual stream. */
static void finish_layer(struct step *step)
{
    const struct session *session = step->session;
    const struct layer *layer = step->layer;
    const struct ragged *batch = step->batch;
    float *x = batch->x + step->first * info_of(step)->n_embd;
    float *gate = batch->inner;

    multiply(step, &layer->attn_output, NULL,
             batch->q + step->first * layer->attn_output.n_cols, x, true);
    if (layer->attn_output_bias)
        rows_run(session, step->n, add_bias_row, step);

    step->norm = layer->ffn_norm;
    rows_run(session, step->n, norm_row, step);
    multiply(step, &layer->gate, NULL, batch->h, gate, false);
    multiply(step, &layer->up, NULL, batch->h, gate + step->n * layer->gate.n_rows, false);
    rows_run(session, step->n, gate_row, step);
    multiply(step, &layer->down, NULL, gate, x, true);
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

    rows_run(session, batch->max_keys, turn_row, &step);
    rows_run(session, batch->n_rows, embed_row, &step);
    for (size_t i = 0; i < batch->n_layers; i++) {
        batch->layer = i;
        step.layer = &model->weights.layers[i];
        for_chunks(&step, batch->n_keys, project_keys);
        if (i + 1 == model->info.n_layers)
            ragged_narrow(session, batch);
        for_chunks(&step, batch->n_rows, project_queries);
        if (ragged_check(session, batch, err) < 0)
            return -1;
        attention_run(session, batch);
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
