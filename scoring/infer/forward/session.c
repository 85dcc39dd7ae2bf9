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

static void session_run_row_group(void *arg, size_t item, size_t thread)
{
    const struct row_loop *loop = arg;
    const size_t first = item * ROWS_PER_ITEM;

    for (size_t i = first; i < first + ROWS_PER_ITEM && i < loop->n; i++)
        loop->row(loop->arg, i, thread);
}

void session_run_rows(const struct session *session, size_t n, row_work *row, void *arg)
{
    struct row_loop loop = { row, arg, n };

    pool_run(session->pool, (n + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM, session_run_row_group,
             &loop);
}

static size_t block_rows_max(const struct session *session)
{
    return session->has_panels ? BLOCK_ROWS_MAX : BLOCK_ROWS_MAX_UNPACKED;
}

size_t session_block_rows(const struct session *session, size_t n)
{
    const size_t n_max = block_rows_max(session);
    const size_t n_threads = pool_threads(session->pool);
    const size_t n_each =
        (n + n_threads * n_max - 1) / (n_threads * n_max); /* blocks a thread */
    const size_t rows = n_each > 0 ? (n + n_each * n_threads - 1) / (n_each * n_threads) : 1;

    return rows < BLOCK_ROWS_MIN ? BLOCK_ROWS_MIN : min_size((rows + 3) / 4 * 4, n_max);
}

/* Sizes of the members of a workspace. Each starts on a cache line. */
struct workspace_bytes {
    size_t scratch, h, inner, chunk, bf16, int8;
};

static size_t align_bytes(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

size_t session_scratch_bytes(const struct model_info *info)
{
    return max_size(PANEL_BYTES + PANEL_SCRATCH_BYTES, attention_scratch_bytes(info));
}

static struct workspace_bytes measure_workspace(const struct model *model, size_t block_rows)
{
    const struct model_info *info = &model->info;
    const size_t q_width = (size_t)info->n_heads * info->head_dim;
    const size_t kv_width = (size_t)info->n_kv_heads * info->head_dim;
    const size_t inner = max_size(info->n_ff, kv_width);
    const size_t operand = block_rows * max_size(max_size(info->n_embd, q_width), info->n_ff);

    return (struct workspace_bytes){
        .scratch = align_bytes(session_scratch_bytes(info)),
        .h = align_bytes(block_rows * info->n_embd * sizeof(float)),
        .inner = align_bytes(block_rows * inner * sizeof(float)),
        .chunk = align_bytes(block_rows * CHUNK_COLUMNS * sizeof(float)),
        .bf16 = align_bytes(operand * sizeof(uint16_t)),
        .int8 = align_bytes(operand / INT8_BLOCK * sizeof(struct act_int8)),
    };
}

static size_t sum_workspace_bytes(const struct workspace_bytes *n)
{
    return n->scratch + n->h + n->inner + n->chunk + n->bf16 + n->int8;
}

static int make_workspaces(struct session *session, struct error *err)
{
    const struct workspace_bytes n = measure_workspace(session->model, block_rows_max(session));
    const size_t n_threads = pool_threads(session->pool);

    session->workspaces = calloc(n_threads, sizeof *session->workspaces);
    session->workspace_memory = aligned_alloc(64, n_threads * sum_workspace_bytes(&n));
    if (!session->workspaces || !session->workspace_memory)
        return error_nomem(err);
    for (size_t t = 0; t < n_threads; t++) {
        uint8_t *at = session->workspace_memory + t * sum_workspace_bytes(&n);

        session->workspaces[t] = (struct workspace){
            .scratch = (float *)(void *)at,
            .h = (float *)(void *)(at + n.scratch),
            .inner = (float *)(void *)(at + n.scratch + n.h),
            .chunk = (float *)(void *)(at + n.scratch + n.h + n.inner),
            .bf16 = (uint16_t *)(void *)(at + n.scratch + n.h + n.inner + n.chunk),
            .int8 =
                (struct act_int8 *)(void *)(at + n.scratch + n.h + n.inner + n.chunk + n.bf16),
        };
    }
    return 0;
}

const char *session_arithmetic(const struct model *model, const struct kernels *kernels)
{
    const bool int8 = model_has_form(model, kernels, FORM_INT8);
    const bool bf16 = model_has_form(model, kernels, FORM_BF16) || kv_is_bf16(model, kernels);

    if (int8)
        return bf16 ? "int8+bf16" : "int8";
    return bf16 ? "bf16" : "float";
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
    session->max_bytes = UINT64_MAX;
    session->has_panels = panels_match(model, kernels);
    session->bf16_attention = kv_is_bf16(model, kernels);
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
    free(session->workspaces);
    free(session->workspace_memory);
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
    session->max_bytes = activation_bytes;
}

bool session_can_share_prefix(const struct session *session, size_t n_tokens)
{
    return !rope_depends_on_length(&session->model->hparams.rope, &session->stretch, n_tokens);
}

size_t session_shared_tokens(const struct session *session, const struct sequence *earlier,
                             const struct sequence *sequence)
{
    struct batch_range first, second;

    if (!range_observe(earlier, 0, &first) || !range_observe(sequence, 1, &second))
        return 0;
    first.has_own_rope_rows = !session_can_share_prefix(session, earlier->n_tokens);
    second.has_own_rope_rows = !session_can_share_prefix(session, sequence->n_tokens);
    return prefix_shared(&first, &second);
}

int session_eval(struct session *session, const struct sequence *sequences, size_t n_sequences,
                 struct error *err)
{
    struct ragged batch = { .n_ranges = 0 };

    if (ragged_init(session, sequences, n_sequences, &batch, err) < 0)
        return -1;
    return batch.n_ranges > 0 ? forward_run(session, &batch, err) : 0;
}

struct session_memory session_memory(const struct model *model, size_t n_threads,
                                     size_t n_tokens, size_t n_sequences)
{
    const struct workspace_bytes n =
        measure_workspace(model, model->panels ? BLOCK_ROWS_MAX : BLOCK_ROWS_MAX_UNPACKED);

    return (struct session_memory){
        .weight_bytes = model_weight_bytes(model),
        .activation_bytes = ragged_bytes(model, n_threads, n_tokens, n_sequences) +
                            (uint64_t)n_threads * sum_workspace_bytes(&n),
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
        "%zu tokens at once need %.2f GiB of memory (%.2f for the weights, %.2f for "
        "activations), but only %.2f GiB are available: run fewer tokens, or use a machine "
        "with more memory",
        n_tokens, (double)total / gib, (double)memory->weight_bytes / gib,
        (double)memory->activation_bytes / gib, (double)available_bytes / gib);
}
