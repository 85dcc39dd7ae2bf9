/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/infer/forward/attention.h"
#include "scoring/infer/forward/attention_kv.h"
#include "scoring/infer/forward/forward.h"
#include "scoring/infer/forward/prefix.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/row_block.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/infer/model/panels.h"
#include "scoring/kernels/kernels.h"

enum { ROWS_PER_ITEM = 16 };

struct row_loop {
    row_work *row;
    void *arg;
    size_t n;
};

static void run_rows(void *arg, size_t item, size_t thread)
{
    const struct row_loop *loop = arg;
    const size_t first = item * ROWS_PER_ITEM;

    for (size_t i = first; i < first + ROWS_PER_ITEM && i < loop->n; i++)
        loop->row(loop->arg, i, thread);
}

void rows_run(const struct session *session, size_t n, row_work *row, void *arg)
{
    struct row_loop loop = { row, arg, n };

    pool_run(session->pool, (n + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM, run_rows, &loop);
}

static size_t block_rows_most(const struct session *session)
{
    return session->has_panels ? BLOCK_ROWS : BLOCK_ROWS_UNPACKED;
}

size_t session_block_rows(const struct session *session, size_t n)
{
    const size_t most = block_rows_most(session);
    const size_t n_threads = pool_threads(session->pool);
    const size_t n_rounds = (n + n_threads * most - 1) / (n_threads * most);
    const size_t rows =
        n_rounds > 0 ? (n + n_rounds * n_threads - 1) / (n_rounds * n_threads) : 1;

    return rows < BLOCK_ROWS_LEAST ? BLOCK_ROWS_LEAST : min_size((rows + 3) / 4 * 4, most);
}

/* Bytes of one thread's memory, part by part; each begins on a cache line. */
struct space_bytes {
    size_t scratch, h, inner, beside, bf16, int8;
};

static size_t line_up(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t session_scratch_bytes(const struct model_info *info)
{
    return larger(PANEL_BYTES + PANEL_SCRATCH_BYTES, attention_bytes(info));
}

static struct space_bytes measure(const struct model *model, size_t block_rows)
{
    const struct model_info *info = &model->info;
    const size_t q_width = (size_t)info->n_heads * info->head_dim;
    const size_t kv_width = (size_t)info->n_kv_heads * info->head_dim;
    const size_t inner = larger(info->n_ff, kv_width);
    const size_t operand = block_rows * larger(larger(info->n_embd, q_width), info->n_ff);

    return (struct space_bytes){
        .scratch = line_up(session_scratch_bytes(info)),
        .h = line_up(block_rows * info->n_embd * sizeof(float)),
        .inner = line_up(block_rows * inner * sizeof(float)),
        .beside = line_up(block_rows * STEP_COLUMNS * sizeof(float)),
        .bf16 = line_up(operand * sizeof(uint16_t)),
        .int8 = line_up(operand / INT8_BLOCK * sizeof(struct act_int8)),
    };
}

static size_t sum_bytes(const struct space_bytes *n)
{
    return n->scratch + n->h + n->inner + n->beside + n->bf16 + n->int8;
}

static int make_workspaces(struct session *session, struct error *err)
{
    const struct space_bytes n = measure(session->model, block_rows_most(session));
    const size_t n_threads = pool_threads(session->pool);

    session->spaces = calloc(n_threads, sizeof *session->spaces);
    session->memory = aligned_alloc(64, n_threads * sum_bytes(&n));
    if (!session->spaces || !session->memory)
        return error_nomem(err);
    for (size_t t = 0; t < n_threads; t++) {
        uint8_t *at = session->memory + t * sum_bytes(&n);

        session->spaces[t] = (struct workspace){
            .scratch = (float *)(void *)at,
            .h = (float *)(void *)(at + n.scratch),
            .inner = (float *)(void *)(at + n.scratch + n.h),
            .beside = (float *)(void *)(at + n.scratch + n.h + n.inner),
            .bf16 = (uint16_t *)(void *)(at + n.scratch + n.h + n.inner + n.beside),
            .int8 =
                (struct act_int8 *)(void *)(at + n.scratch + n.h + n.inner + n.beside + n.bf16),
        };
    }
    return 0;
}

int session_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                struct session **out, struct error *err)
{
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return error_nomem(err);
    session->model = model;
    session->kernels = *kernels;
    session->pool = pool;
    session->most_bytes = UINT64_MAX;
    session->has_panels = panels_serve(model, kernels);
    session->rounds_attention = kv_is_rounded(model, kernels);
    arena_init(&session->arena);
    if (make_workspaces(session, err) < 0) {
        session_free(session);
        return -1;
    }
    *out = session;
    return 0;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    free(session->spaces);
    free(session->memory);
    free(session->floats);
    arena_release(&session->arena);
    free(session);
}

int session_stretch_ntk(struct session *session, double factor, struct error *err)
{
    const struct model_info *info = &session->model->info;
    const struct rope *rope = &session->model->hparams.rope;

    if (rope->n_rot <= 2)
        return error_set(err, ERR_UNSUPPORTED, "a %s model has no rotary positions to stretch",
                         info->arch);
    if (strcmp(rope->scaling, "none") != 0 || rope->factors)
        return error_set(err, ERR_UNSUPPORTED,
                         "the model's file already stretches its rotary positions (%s)",
                         rope->factors ? "with factors" : rope->scaling);
    session->stretch =
        (struct rope_stretch){ .ntk_factor = factor, .trained = info->context_length };
    return 0;
}

void session_set_max_bytes(struct session *session, uint64_t activation_bytes)
{
    session->most_bytes = activation_bytes;
}

bool session_can_share_prefix(const struct session *session, size_t n_tokens)
{
    return !rope_is_long(&session->model->hparams.rope, &session->stretch, n_tokens);
}

size_t session_shared_tokens(const struct session *session, const struct sequence *earlier,
                             const struct sequence *sequence)
{
    struct part first, second;

    if (!part_observe(earlier, 0, &first) || !part_observe(sequence, 1, &second))
        return 0;
    first.has_own_angles = !session_can_share_prefix(session, earlier->n_tokens);
    second.has_own_angles = !session_can_share_prefix(session, sequence->n_tokens);
    return prefix_shared(&first, &second);
}

int session_eval(struct session *session, const struct sequence *sequences, size_t n_sequences,
                 struct error *err)
{
    struct ragged batch = { .n_parts = 0 };

    if (ragged_init(session, sequences, n_sequences, &batch, err) < 0)
        return -1;
    return batch.n_parts > 0 ? forward_run(session, &batch, err) : 0;
}

struct session_memory session_memory(const struct model *model, size_t n_threads,
                                     size_t n_tokens, size_t n_sequences)
{
    const struct space_bytes n =
        measure(model, model->panels ? BLOCK_ROWS : BLOCK_ROWS_UNPACKED);

    return (struct session_memory){
        .weight_bytes = model_weight_bytes(model),
        .activation_bytes = ragged_bytes(model, n_threads, n_tokens, n_sequences) +
                            (uint64_t)n_threads * sum_bytes(&n),
    };
}

int session_check_memory(const struct session_memory *memory, size_t n_tokens,
                         uint64_t available_bytes, struct error *err)
{
    const double gib = 1024.0 * 1024 * 1024;
    const uint64_t total = memory->weight_bytes + memory->activation_bytes;

    if (total <= available_bytes)
        return 0;
    return error_set(
        err, ERR_NOMEM,
        "%zu tokens at once take %.2f GiB of memory (%.2f for the weights, %.2f for "
        "activations), but there are %.2f GiB to be had; run fewer tokens, or where "
        "there is more memory",
        n_tokens, (double)total / gib, (double)memory->weight_bytes / gib,
        (double)memory->activation_bytes / gib, (double)available_bytes / gib);
}
