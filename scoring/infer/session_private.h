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
#include "scoring/infer/hparams.h"
#include "scoring/infer/session.h"
#include "scoring/kernels/kernels.h"

struct pool;

enum {
    CHUNK_ROWS = 1024,    /* rows that go through a block together: bounds memory */
    VOCAB_COLUMNS = 4096, /* logits that exist at once for a row */
    /* A thread holds this much of the weights packed: 128 KiB. */
    MATMUL_COLUMNS = KERNELS_PANEL_MAX,
    MATMUL_DEPTH = 512,
    UNPACK_DEPTH = 256, /* elements of a panel's rows widened at once; 256 are one block */
    ATTENTION_ROWS = 64,
    ATTENTION_KEYS = 256,
    /* The largest of: packed weights and widened rows; scores and output of an attention
     * tile. */
    SCRATCH_FLOATS = ATTENTION_ROWS * (ATTENTION_KEYS + HEAD_DIM_MAX),
};
static_assert(SCRATCH_FLOATS >=
                  MATMUL_COLUMNS * MATMUL_DEPTH + KERNELS_PANEL_MAX * UNPACK_DEPTH,
              "scratch holds packed weights and widened rows");

struct session {
    const struct model *model;
    struct kernels kernels;
    struct pool *pool;
    struct rope_stretch stretch;
    float *scratch; /* SCRATCH_FLOATS for each thread */
    /* A chunk of rows rounded for matmul_int8.h; NULL where these kernels are not used. */
    struct act_int8 *acts;
    struct arena arena; /* the lists of a batch */
    float *floats;      /* its matrices */
    size_t n_floats;
};

static inline float *session_scratch(const struct session *session, size_t thread)
{
    return session->scratch + thread * SCRATCH_FLOATS;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Call row(arg, i, thread) for every i < n on the session's threads. */
typedef void row_work(void *arg, size_t row, size_t thread);
void rows_run(const struct session *session, size_t n, row_work *row, void *arg);

#endif
