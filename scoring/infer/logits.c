/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/logits.h"

#include <math.h>

#include "scoring/infer/matmul.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
#include "scoring/infer/step.h"
#include "scoring/kernels/kernels.h"

/* A chunk of targets against a block of the vocabulary. */
struct block {
    const struct session *session;
    struct ragged *batch;
    struct target *targets;
    size_t first; /* column of the vocabulary */
    size_t n;
};

static void mark_bad(const struct block *block, const struct target *target, size_t thread)
{
    const size_t key = block->batch->key_of_row[target->row];

    if (key < block->batch->bad_key[thread])
        block->batch->bad_key[thread] = key;
}

static void norm_target(void *arg, size_t row, size_t thread)
{
    const struct block *block = arg;
    const struct model *model = block->session->model;
    const size_t width = model->info.n_embd;

    (void)thread;
    norm_row(block->session, &model->weights.output_norm,
             block->batch->x + block->targets[row].row * width, block->batch->h + row * width);
}

/* Take a block of logits into a row's running maximum and sum. */
static void take_row(void *arg, size_t row, size_t thread)
{
    const struct block *block = arg;
    const struct kernels *kernels = &block->session->kernels;
    struct target *target = &block->targets[row];
    float *logits = block->batch->inner + row * VOCAB_COLUMNS;
    const size_t token = (size_t)target->token;
    const float cap = block->session->model->hparams.final_soft_cap;

    /* The sum is finite only if every logit is; exp() might hide one that is not. */
    if (!isfinite(kernels->sum_f32(logits, block->n))) {
        mark_bad(block, target, thread);
        return;
    }
    if (cap > 0)
        kernels->soft_cap(logits, cap, block->n);
    if (token >= block->first && token - block->first < block->n)
        target->logit = logits[token - block->first];

    const float max = kernels->max_f32(logits, block->n);
    if (max > target->max) {
        target->sum *= exp((double)target->max - (double)max);
        target->max = max;
    }
    target->sum += kernels->exp_sum(logits, block->n, target->max);
}

static void run_block(struct block *block, size_t n_targets)
{
    const struct ragged *batch = block->batch;
    const struct matrix *output = &block->session->model->weights.output;
    const struct matrix columns = {
        .data = output->data + block->first * output->row_bytes,
        .type = output->type,
        .n_rows = block->n,
        .n_cols = output->n_cols,
        .row_bytes = output->row_bytes,
    };

    matmul_run(block->session, &(struct matmul){
                                   .weights = &columns,
                                   .a = batch->h,
                                   .m = n_targets,
                                   .lda = output->n_cols,
                                   .out = batch->inner,
                                   .ldo = VOCAB_COLUMNS,
                                   .panel_stride = block->session->kernels.panel,
                               });
    rows_run(block->session, n_targets, take_row, block);
}

void logits_run(const struct session *session, struct ragged *batch)
{
    const size_t n_vocab = session->model->info.n_vocab;
    /* What h has room for; a row that is asked for many tokens is many targets. */
    const size_t n_most = min_size(batch->n_keys, CHUNK_ROWS);

    for (size_t first = 0; first < batch->n_targets; first += n_most) {
        const size_t n = min_size(batch->n_targets - first, n_most);
        struct block block = { .session = session,
                               .batch = batch,
                               .targets = batch->targets + first };

        rows_run(session, n, norm_target, &block);
        for (size_t c = 0; c < n_vocab; c += VOCAB_COLUMNS) {
            block.first = c;
            block.n = n_vocab - c < VOCAB_COLUMNS ? n_vocab - c : VOCAB_COLUMNS;
            run_block(&block, n);
        }
    }
}

void logits_nll(const struct ragged *batch)
{
    for (size_t i = 0; i < batch->n_targets; i++) {
        const struct target *target = &batch->targets[i];

        *target->nll_nats = (double)target->max + log(target->sum) - (double)target->logit;
    }
}
