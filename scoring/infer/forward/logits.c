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
 * The output matrix is not multiplied to a matrix of logits: a few columns at a time go into
 * the running maximum and sum of their rows while they are in the cache. The vocabulary is cut
 * into slices of VOCAB_COLUMNS, which threads share; their sums are added in order.
 */
struct job {
    const struct session *session;
    struct ragged *batch;
    struct target *targets; /* a chunk of them */
    size_t n_targets;
    size_t block_rows;
    size_t n_blocks;
    size_t n_slices;
};

static void mark_bad(const struct ragged *batch, const struct target *target, size_t thread)
{
    const size_t key = batch->key_of_row[target->row];

    if (key < batch->bad_key[thread])
        batch->bad_key[thread] = key;
}

static void norm_target(void *arg, size_t row, size_t thread)
{
    const struct job *job = arg;
    const struct model *model = job->session->model;
    const size_t width = model->info.n_embd;

    (void)thread;
    norm_row(job->session, &model->weights.output_norm,
             job->batch->x + job->targets[row].row * width, job->batch->h + row * width);
}

/* Take n more logits of a row, columns `first` on, into its sum over a slice. */
static void take(const struct step *step, const struct target *target, struct logit_sum *sum,
                 float *logits, size_t first, size_t n)
{
    const struct kernels *kernels = &step->session->kernels;
    const size_t token = (size_t)target->token;
    const float cap = step_hparams(step)->final_soft_cap;

    /* The sum is finite only if every logit is; exp() might hide one that is not. */
    if (!isfinite(kernels->sum_f32(logits, n))) {
        mark_bad(step->batch, target, step->thread);
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

/* A block of targets against a slice of the vocabulary. Neighbouring items share the slice. */
static void run_item(void *arg, size_t item, size_t thread)
{
    const struct job *job = arg;
    const struct linear output = { .matrix = job->session->model->weights.output };
    const size_t first_row = item % job->n_blocks * job->block_rows;
    const size_t first = item / job->n_blocks * VOCAB_COLUMNS;
    const size_t end = min_size(first + VOCAB_COLUMNS, output.matrix.n_rows);
    struct step step =
        step_begin(job->session, job->batch, first_row,
                   min_size(job->block_rows, job->n_targets - first_row), thread);
    struct logit_sum *sums = job->batch->sums + item / job->n_blocks * TARGET_ROWS + first_row;

    step_operand(&step, job->batch->h + first_row * output.matrix.n_cols, output.matrix.n_cols);
    for (size_t i = 0; i < step.n; i++)
        sums[i] = (struct logit_sum){ .max = -INFINITY };
    for (size_t c = first; c < end; c += STEP_COLUMNS) {
        const size_t n = min_size(STEP_COLUMNS, end - c);

        step_multiply_columns(&step, &output, c, n, step.beside, n);
        for (size_t i = 0; i < step.n; i++)
            take(&step, &job->targets[first_row + i], &sums[i], step.beside + i * n, c, n);
    }
}

/* The sums over slices of a target, in order, become its negative log-likelihood. */
static void finish_target(const struct job *job, size_t i)
{
    const struct logit_sum *sums = job->batch->sums + i;
    struct target *target = &job->targets[i];
    struct logit_sum all = { .max = -INFINITY };

    for (size_t s = 0; s < job->n_slices; s++)
        all.max = fmaxf(all.max, sums[s * TARGET_ROWS].max);
    for (size_t s = 0; s < job->n_slices; s++) {
        const struct logit_sum *sum = &sums[s * TARGET_ROWS];

        all.sum += sum->sum * exp((double)sum->max - (double)all.max);
    }
    all.logit = sums[(size_t)target->token / VOCAB_COLUMNS * TARGET_ROWS].logit;
    target->nll = (double)all.max + log(all.sum) - (double)all.logit;
}

size_t logits_slices(const struct model_info *info)
{
    return (info->n_vocab + VOCAB_COLUMNS - 1) / VOCAB_COLUMNS;
}

void logits_run(const struct session *session, struct ragged *batch)
{
    /* A row that is asked for many tokens is many targets. */
    for (size_t first = 0; first < batch->n_targets; first += TARGET_ROWS) {
        const size_t n = min_size(batch->n_targets - first, TARGET_ROWS);
        struct job job = {
            .session = session,
            .batch = batch,
            .targets = batch->targets + first,
            .n_targets = n,
            .block_rows = session_block_rows(session, n),
            .n_slices = logits_slices(&session->model->info),
        };

        job.n_blocks = (n + job.block_rows - 1) / job.block_rows;
        rows_run(session, n, norm_target, &job);
        pool_run(session->pool, job.n_blocks * job.n_slices, run_item, &job);
        for (size_t i = 0; i < n; i++)
            finish_target(&job, i);
    }
}

void logits_nll(const struct ragged *batch)
{
    for (size_t i = 0; i < batch->n_targets; i++)
        *batch->targets[i].nll_nats = batch->targets[i].nll;
}
