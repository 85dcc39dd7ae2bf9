/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_private.h - the members of a session, and the block sizes of its loops.
 *
 * Only ATTENTION_ROWS and ATTENTION_KEYS affect the bits of a result: the softmax sums over
 * blocks of keys counted from the start of the sequence. That is why they are constants.
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
    /* Rows of a row_block. With so many, the input and output of a product stay in the
     * second-level cache. Without packed panels each block makes its own panels, so a block is
     * larger to make fewer. */
    BLOCK_ROWS_MAX = 128,
    BLOCK_ROWS_MAX_UNPACKED = 256,
    BLOCK_ROWS_MIN = 12,  /* rows of a tile of gemm */
    TARGET_CHUNK = 1024,  /* targets whose logits are computed together: bounds memory */
    VOCAB_BLOCK = 8192,   /* tokens in a block of the vocabulary: one partial sum per target */
    ATTENTION_ROWS = 64,  /* query rows of a tile */
    ATTENTION_KEYS = 256, /* keys of a block, rounded down to a multiple of the panel */
};

/* The memory of one thread. All but scratch belongs to its row_block. */
struct workspace {
    float *scratch; /* session_scratch_bytes(); valid until the next product or tile */
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
    bool has_panels;     /* the model is packed, and for these kernels */
    bool bf16_attention; /* kv_is_bf16() */
    uint64_t max_bytes;  /* limit on a call, see session_set_max_bytes() */
    struct rope_stretch stretch;
    struct workspace *workspaces; /* one per thread */
    uint8_t *workspace_memory;    /* one allocation for all of them */
    struct arena arena;           /* lists of the current batch */
    float *floats;                /* matrices of the current batch; grows, never shrinks */
    size_t n_floats;
};

/* Rows per block when n rows are split so that all threads have about the same work. */
size_t session_block_rows(const struct session *session, size_t n);

/* Scratch of a thread: enough for a slice of a panel and the scratch of panel_fill(), and for a
 * tile of attention. */
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
