/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ragged.h - the ragged batch: the sequences of one call as one tall matrix, and its memory.
 *
 * Each token that any requested output depends on gets a KV entry ("key"). Keys are numbered
 * consecutively over all sequences. A shared prefix uses the entries of the earlier sequence
 * (prefix.h).
 *
 * A row is a row of the residual stream. At first there is one row per key. Before the queries
 * of the last layer, ragged_keep_observed() keeps only the rows whose output is requested.
 */
#ifndef CURATE_RAGGED_H
#define CURATE_RAGGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/infer/forward/session.h"

struct error;
struct model;
struct session;

/* A later sequence that keeps its own copy of some of this sequence's KV entries. */
struct prefix_user {
    const struct batch_range *range;
    struct span positions; /* of the copied entries */
    const struct prefix_user *next;
};

/* The part of the batch that belongs to one sequence. first_stored, first_observed and
 * first_position are positions in the sequence. Every other first_X is an index into the X of
 * the batch, which are numbered consecutively over all ranges. */
struct batch_range {
    const struct sequence *sequence;
    size_t index;                    /* of the sequence in the call, for messages */
    size_t n_keys;                   /* positions 0 .. n_keys - 1 have KV entries */
    size_t n_shared;                 /* the first of these, computed by the owner; 0: none */
    const struct batch_range *owner; /* of the prefix: an earlier range, maybe a user itself */
    const struct prefix_user *users; /* ranges that copy entries which this one computes */
    size_t first_stored;             /* of the KV entries in its own memory: the start of the
                                        attention block that holds position n_shared */
    size_t first_key;                /* of position n_shared, which the range computes */
    size_t first_observed;           /* of the rows whose output is requested */
    size_t first_slot;               /* in the KV cache, of first_stored: see attention_kv.h */
    size_t first_row;
    size_t first_position; /* of first_row; the last row is that of the last key */
    size_t first_tile;     /* tiles start at multiples of ATTENTION_ROWS positions */
    size_t first_span;
    size_t first_head_mass; /* n_spans x n_layers x n_heads of them */
    size_t first_focus;     /* one for each row from attend_from on */
    bool has_own_rope_rows; /* rope_depends_on_length() */
    size_t first_rope_row;  /* of position 0 */
};

/* Number of keys that the range computes itself. */
static inline size_t range_own_keys(const struct batch_range *range)
{
    return range->n_keys - range->n_shared;
}

/* The key of a position >= n_shared, which the range computes itself. */
static inline size_t range_key(const struct batch_range *range, size_t position)
{
    return range->first_key + (position - range->n_shared);
}

/* Number of KV entries in the range's own memory. */
static inline size_t range_stored_keys(const struct batch_range *range)
{
    return range->n_keys - range->first_stored;
}

/* The range from whose memory this range reads the KV entry of a position. */
static inline const struct batch_range *range_storing(const struct batch_range *range,
                                                      size_t position)
{
    while (position < range->first_stored)
        range = range->owner;
    return range;
}

/* Set sequence, index, n_keys and first_observed, and clear the rest. Returns false if the
 * sequence requests nothing. */
bool range_observe(const struct sequence *sequence, size_t index, struct batch_range *out);

/* A token to score, and the row that predicts it. */
struct target {
    size_t row; /* a key until ragged_keep_observed(), then a row */
    int32_t token;
    double nll;
    double *nll_nats; /* the caller's; written by logits_nll() */
};

/* The softmax of a target over one block of the vocabulary. */
struct logit_sum {
    float max;
    float logit; /* of the target's token, if the block contains it */
    double sum;  /* of exp(logit - max) */
};

struct ragged {
    struct batch_range *ranges;
    size_t n_ranges;
    size_t n_keys;
    size_t n_slots;
    size_t n_rows;
    size_t n_tiles;
    size_t max_keys;           /* largest n_keys of a range */
    size_t n_layers;           /* that the requested outputs need */
    size_t layer;              /* the current one */
    size_t n_rope_rows;        /* rows of cos and sin: */
    size_t n_shared_rope_rows; /* first the shared ones, then those of single ranges */
    uint32_t *position;        /* of each key in its sequence */
    uint32_t *rope_row;        /* of each key */
    uint32_t *key_of_row;
    struct target *targets;
    size_t n_targets;
    struct logit_sum *sums; /* blocks of the vocabulary x TARGET_CHUNK targets */
    /* Attention on each span, in fixed point (attention_fixed_one()): threads x n_spans. The
     * order of additions does not matter for integers. */
    int64_t *mass;
    size_t n_spans;
    /* The same for each span, layer and head, if requested. All threads add to it. */
    _Atomic int64_t *head_mass;
    size_t n_head_mass;
    double *focus; /* n_focus rows x heads: probability on the focus spans */
    size_t n_focus;
    double *reach;   /* tiles x heads of the first layer: sum and sum of squares */
    size_t *bad_key; /* per thread: lowest key whose values left the range; SIZE_MAX: none */

    float *x; /* residual stream: n_rows x n_embd */
    float *q; /* queries, then the output of attention: n_rows x heads * head_dim */
    void *k;  /* keys and values of the current layer: see attention_kv.h */
    void *v;
    float *h;   /* up to TARGET_CHUNK rows x n_embd: hidden states after the output norm */
    float *cos; /* n_rope_rows x n_rot / 2 */
    float *sin;
    float *local_cos; /* max_keys x n_rot / 2, if local layers have their own RoPE */
    float *local_sin;
};

/* Check the sequences and lay them out. Memory belongs to the session, until the next call. A
 * batch without ranges has nothing to compute. Errors: those of sequence_check(); ERR_INPUT for
 * more than 2^31 tokens; ERR_NOMEM, also if the batch exceeds a memory limit. */
int ragged_init(struct session *session, const struct sequence *sequences, size_t n_sequences,
                struct ragged *out, struct error *err);

/* The range that computes a key, and the range of a tile. */
const struct batch_range *ragged_range_of_key(const struct ragged *batch, size_t key);
const struct batch_range *ragged_range_of_tile(const struct ragged *batch, size_t tile);

/* Keep the rows from first_observed of each range on, and drop the others. */
void ragged_keep_observed(const struct session *session, struct ragged *batch);

/* Returns -1 with ERR_INPUT, naming sequence and token, if a thread has marked a bad key. */
int ragged_check_values(const struct session *session, const struct ragged *batch,
                        struct error *err);

/* Upper bound of the bytes that ragged_init() allocates for n_keys keys in n_ranges ranges.
 * n_keys counts shared keys once for each range. */
uint64_t ragged_bytes(const struct model *model, size_t n_threads, size_t n_keys,
                      size_t n_ranges);

#endif
