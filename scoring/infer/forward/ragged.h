/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ragged.h - the sequences of one call laid out as one tall matrix, and the memory for them.
 *
 * Every token that something observed depends on is a key: keys are numbered through, sequence
 * after sequence. What a sequence begins with may be the beginning of an earlier one of the
 * call: then these keys are the other's, which are computed once (prefix.h). A row is a row of
 * the residual stream. At first rows are keys; before the last layer's queries ragged_narrow()
 * keeps only the rows somebody looks at.
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

/* A later range that has keys of this one's own in its memory, too. */
struct prefix_user {
    const struct batch_range *range;
    struct span positions;
    const struct prefix_user *next;
};

/* What of one sequence is run. */
struct batch_range {
    const struct sequence *sequence;
    size_t index; /* of the sequence in the call, for messages */
    size_t n_keys;
    size_t n_shared;                 /* of these, the first are the owner's; 0: none */
    const struct batch_range *owner; /* an earlier range, which may itself share its first */
    size_t first_stored; /* the first key in its memory: that of a block of attention, so
                          that the last of those shared may be there as well */
    const struct prefix_user *users;
    size_t first_key;      /* of its own keys */
    size_t first_observed; /* position of the first row that is looked at */
    size_t first_slot;     /* of the keys in its memory: see attention_kv.h */
    size_t first_row;
    size_t first_position; /* of first_row; its rows reach to the last key */
    size_t first_tile;     /* of ATTENTION_ROWS positions each, counted from position 0 */
    size_t first_span;
    size_t first_head_mass; /* of its spans, layers and heads */
    size_t first_focus;     /* of its rows from attend_from on */
    bool has_own_rope_rows; /* rope_depends_on_length() */
    size_t first_rope_row;  /* of position 0, in the tables of angles */
};

/* The keys that are a range's own. */
static inline size_t range_own_keys(const struct batch_range *range)
{
    return range->n_keys - range->n_shared;
}

/* The number of the key of a position, which is the range's own. */
static inline size_t range_key(const struct batch_range *range, size_t position)
{
    return range->first_key + (position - range->n_shared);
}

/* The keys in a range's memory. */
static inline size_t range_stored_keys(const struct batch_range *range)
{
    return range->n_keys - range->first_stored;
}

/* The range in whose memory it finds the key of a position. */
static inline const struct batch_range *range_storing(const struct batch_range *range,
                                                      size_t position)
{
    while (position < range->first_stored)
        range = range->owner;
    return range;
}

/* Fill what of a sequence is looked at; false when nothing is. */
bool range_observe(const struct sequence *sequence, size_t index, struct batch_range *out);

/* A row whose next token is scored. */
struct target {
    size_t row; /* after ragged_narrow() */
    int32_t token;
    double nll;
    double *nll_nats; /* where it goes when all is well */
};

/* Over some of the logits of a target. */
struct logit_sum {
    float max;
    float logit; /* of the token, if it is among them */
    double sum;  /* of exp(logit - max) */
};

struct ragged {
    struct batch_range *ranges;
    size_t n_ranges;
    size_t n_keys;
    size_t n_slots;
    size_t n_rows;
    size_t n_tiles;
    size_t max_keys;           /* of one range */
    size_t n_layers;           /* that have to be run */
    size_t layer;              /* the one at hand */
    size_t n_rope_rows;        /* positions in the tables of angles: */
    size_t n_shared_rope_rows; /* first those that ranges share, then those of one range each */
    uint32_t *position;        /* of each key in its sequence */
    uint32_t *rope_row;        /* of each key, in the tables */
    uint32_t *key_of_row;
    struct target *targets;
    size_t n_targets;
    struct logit_sum *sums; /* of TARGET_CHUNK targets for each slice of the vocabulary */
    /* Attention on each span as a sum of fixed-point numbers, one line of n_spans a thread:
     * sums of integers do not depend on their order. */
    int64_t *mass;
    size_t n_spans;
    /* The same by span, layer and head, where that is asked for; all threads add to it. */
    _Atomic int64_t *head_mass;
    size_t n_head_mass;
    double *focus; /* per row and head the probability on the focus spans */
    size_t n_focus;
    double *reach;   /* per tile and head of the first layer: sum, sum of squares */
    size_t *bad_key; /* per thread the lowest key whose values left the range; SIZE_MAX none */

    float *x; /* residual stream: n_rows x n_embd */
    float *q; /* queries, then the attention's output: n_rows x heads * head_dim */
    void *k;  /* keys and values: see attention_kv.h */
    void *v;
    float *h;   /* up to TARGET_CHUNK rows after the last norm: x n_embd */
    float *cos; /* n_rope_rows x n_rot / 2 */
    float *sin;
    float *local_cos; /* max_keys x n_rot / 2, where local layers turn otherwise */
    float *local_sin;
};

/* Check the sequences against session.h and lay them out; memory is the session's and is used
 * again by the next call. A batch may come out with no ranges: nothing to observe. */
int ragged_init(struct session *session, const struct sequence *sequences, size_t n_sequences,
                struct ragged *out, struct error *err);

const struct batch_range *ragged_range_of_key(const struct ragged *batch, size_t key);
const struct batch_range *ragged_range_of_tile(const struct ragged *batch, size_t tile);

/* Drop the rows nobody looks at. */
void ragged_narrow(const struct session *session, struct ragged *batch);

/* 0, or -1 with ERR_INPUT naming sequence and token when some thread has marked a bad key. */
int ragged_check(const struct session *session, const struct ragged *batch, struct error *err);

/* The bytes ragged_init() takes for n_keys keys in n_ranges ranges, shared ones counted for
 * each, at most. */
uint64_t ragged_bytes(const struct model *model, size_t n_threads, size_t n_keys,
                      size_t n_ranges);

#endif
