/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_private.h - the inside of a session, and the sizes its loops are cut into.
 *
 * None of these sizes changes a result but ATTENTION_ROWS and ATTENTION_KEYS: the softmax adds
 * up in blocks of keys counted from the start of the sequence. That is why they are constants.
 */
#ifndef CURATE_SESSION_PRIVATE_H
#define CURATE_SESSION_PRIVATE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/model/hparams.h"
#include "scoring/kernels/kernels.h"

struct pool;

enum {
    /* Rows that a thread takes through a range of a layer: of these, what a product reads and
     * writes stays in the second cache. Without panels each block makes its own, and more rows
     * share them. */
    BLOCK_ROWS_MAX = 128,
    BLOCK_ROWS_MAX_UNPACKED = 256,
    BLOCK_ROWS_MIN = 12, /* the height of the tiles of gemm */
    TARGET_CHUNK = 1024, /* whose logits are made together: bounds memory */
    VOCAB_BLOCK = 8192,  /* logits of a row that are one sum */
    ATTENTION_ROWS = 64,
    ATTENTION_KEYS = 256,
};

/* What a thread works with on a block of rows: see step.h. */
struct workspace {
    float *scratch; /* session_scratch_bytes(), for whatever is at hand */
    float *h;
    float *inner;
    float *chunk;
    uint16_t *bf16;
    struct act_int8 *int8;
};

struct session {
    const struct model *model;
    struct kernels kernels;
    struct pool *pool;
    bool has_panels;     /* the model's panels are those of these kernels */
    bool bf16_attention; /* kv_is_bf16() */
    uint64_t max_bytes;  /* of session_set_max_bytes() */
    struct rope_stretch stretch;
    struct workspace *workspaces; /* of each thread */
    uint8_t *workspace_memory;    /* theirs */
    struct arena arena;           /* the lists of a batch */
    float *floats;                /* its matrices */
    size_t n_floats;
};

/* How many rows of n are a block, so that all threads have about as much to do. */
size_t session_block_rows(const struct session *session, size_t n);

/* A stretch of a panel and what it is made of, or a tile of attention, whichever is more. */
size_t session_scratch_bytes(const struct model_info *info);

static inline float *session_scratch(const struct session *session, size_t thread)
{
    return session->workspaces[thread].scratch;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Call row(arg, i, thread) for every i < n on the session's threads. */
typedef void row_work(void *arg, size_t row, size_t thread);
void session_run_rows(const struct session *session, size_t n, row_work *row, void *arg);

#endif
