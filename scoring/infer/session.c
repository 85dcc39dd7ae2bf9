/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "scoring/infer/forward.h"
#include "scoring/infer/matmul_int8.h"
#include "scoring/infer/model_private.h"
#include "scoring/infer/ragged.h"
#include "scoring/infer/session_private.h"
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

int session_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                struct session **out, struct error *err)
{
    const size_t n_bytes = pool_threads(pool) * SCRATCH_FLOATS * sizeof(float);
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return error_nomem(err);
    session->model = model;
    session->kernels = *kernels;
    session->pool = pool;
    arena_init(&session->arena);
    session->scratch = aligned_alloc(64, n_bytes);
    if (kernels->int8)
        session->acts = malloc(matmul_int8_bytes(&model->info));
    if (!session->scratch || (kernels->int8 && !session->acts)) {
        session_free(session);
        return error_nomem(err);
    }
    *out = session;
    return 0;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    free(session->scratch);
    free(session->acts);
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

bool session_prefixes_hold(const struct session *session, size_t n_tokens)
{
    return !rope_is_long(&session->model->hparams.rope, &session->stretch, n_tokens);
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
    return (struct session_memory){
        .weight_bytes = model->info.weight_bytes,
        .activation_bytes = ragged_bytes(model, n_threads, n_tokens, n_sequences) +
                            matmul_int8_bytes(&model->info) +
                            (uint64_t)n_threads * SCRATCH_FLOATS * sizeof(float),
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
