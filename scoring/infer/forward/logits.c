/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/logits.h"

#include <math.h>

#include "base/threads/pool.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/kernels/kernels.h"

/*
 * There is never a whole matrix of logits. CHUNK_COLUMNS logits of some rows are computed at a
 * time and added to the running softmax of these rows while they are in the cache. The
 * vocabulary is divided into blocks of VOCAB_BLOCK tokens, which threads share. The sums of the
 * blocks are added in order, so they do not depend on the number of threads.
 */
struct logits_args {
    const struct session *session;
    struct ragged *batch;
    struct target *targets; /* up to TARGET_CHUNK of the batch's */
    size_t n_targets;
    size_t block_rows;
    size_t n_blocks;
    size_t n_vocab_blocks;
};

static void mark_bad_target(const struct ragged *batch, const struct target *target,
                            size_t thread)
{
    const size_t key = batch->key_of_row[target->row];

    if (key < batch->bad_key[thread])
        batch->bad_key[thread] = key;
}

static void norm_target_row(void *arg, size_t row, size_t thread)
{
    const struct logits_args *args = arg;
    const struct model *model = args->session->model;
    const size_t width = model->info.n_embd;

    (void)thread;
    norm_row(args->session, &model->weights.output_norm,
             args->batch->x + args->targets[row].row * width, args->batch->h + row * width);
}

/* Add n logits of a target, those of tokens `first` on, to its sum over a block of the
 * vocabulary. */
static void add_logits(const struct row_block *block, const struct target *target,
                       struct logit_sum *sum, float *logits, size_t first, size_t n)
{
    const struct kernels *kernels = &block->session->kernels;
    const size_t token = (size_t)target->token;
    const float cap = row_block_hparams(block)->final_soft_cap;

    /* The sum is finite only if every logit is. exp() would hide -INFINITY. */
    if (!isfinite(kernels->sum_f32(logits, n))) {
        mark_bad_target(block->batch, target, block->thread);
        return;
    }
    if (cap > 0)
        kernels->soft_cap(logits, cap, n);
    if (token >= first && token - first < n)
        sum->logit = logits[token - first];

    const float max = kernels->max_f32(logits, n);
    if (max > sum->max) {
        sum->sum *= exp((double)sum->max - (double)max);
        sum->max = max;
    }
    sum->sum += kernels->exp_sum(logits, n, sum->max);
}

/* Sum a block of targets over a block of the vocabulary. Consecutive items share the latter, so
 * that its weights stay in the cache. */
static void run_vocab_block(void *arg, size_t item, size_t thread)
{
    const struct logits_args *args = arg;
    const struct linear output = { .matrix = args->session->model->weights.output };
    const size_t first_row = item % args->n_blocks * args->block_rows;
    const size_t first = item / args->n_blocks * VOCAB_BLOCK;
    const size_t end = min_size(first + VOCAB_BLOCK, output.matrix.n_rows);
    struct row_block block =
        row_block_begin(args->session, args->batch, first_row,
                        min_size(args->block_rows, args->n_targets - first_row), thread);
    struct logit_sum *sums =
        args->batch->sums + item / args->n_blocks * TARGET_CHUNK + first_row;

    row_block_set_operand(&block, args->batch->h + first_row * output.matrix.n_cols,
                          output.matrix.n_cols);
    for (size_t i = 0; i < block.n; i++)
        sums[i] = (struct logit_sum){ .max = -INFINITY };
    for (size_t c = first; c < end; c += CHUNK_COLUMNS) {
        const size_t n = min_size(CHUNK_COLUMNS, end - c);

        row_block_multiply_columns(&block, &output, c, n, block.chunk, n);
        for (size_t i = 0; i < block.n; i++)
            add_logits(&block, &args->targets[first_row + i], &sums[i], block.chunk + i * n, c,
                       n);
    }
}

/* Add the sums of a target over all blocks of the vocabulary, in order. */
static void finish_target(const struct logits_args *args, size_t i)
{
    const struct logit_sum *sums = args->batch->sums + i;
    struct target *target = &args->targets[i];
    struct logit_sum all = { .max = -INFINITY };

    for (size_t s = 0; s < args->n_vocab_blocks; s++)
        all.max = fmaxf(all.max, sums[s * TARGET_CHUNK].max);
    for (size_t s = 0; s < args->n_vocab_blocks; s++) {
        const struct logit_sum *sum = &sums[s * TARGET_CHUNK];

        all.sum += sum->sum * exp((double)sum->max - (double)all.max);
    }
    all.logit = sums[(size_t)target->token / VOCAB_BLOCK * TARGET_CHUNK].logit;
    target->nll = (double)all.max + log(all.sum) - (double)all.logit;
}

size_t logits_vocab_blocks(const struct model_info *info)
{
    return (info->n_vocab + VOCAB_BLOCK - 1) / VOCAB_BLOCK;
}

void logits_run(const struct session *session, struct ragged *batch)
{
    /* A row with several next_ids has several targets. */
    for (size_t first = 0; first < batch->n_targets; first += TARGET_CHUNK) {
        const size_t n = min_size(batch->n_targets - first, TARGET_CHUNK);
        struct logits_args args = {
            .session = session,
            .batch = batch,
            .targets = batch->targets + first,
            .n_targets = n,
            .block_rows = session_block_rows(session, n),
            .n_vocab_blocks = logits_vocab_blocks(&session->model->info),
        };

        args.n_blocks = (n + args.block_rows - 1) / args.block_rows;
        session_run_rows(session, n, norm_target_row, &args);
        pool_run(session->pool, args.n_blocks * args.n_vocab_blocks, run_vocab_block, &args);
        for (size_t i = 0; i < n; i++)
            finish_target(&args, i);
    }
}

void logits_nll(const struct ragged *batch)
{
    for (size_t i = 0; i < batch->n_targets; i++)
        *batch->targets[i].nll_nats = batch->targets[i].nll;
}
