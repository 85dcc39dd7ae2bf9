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

/* A later part that has keys of this one's own in its memory, too. */
struct follower {
    const struct part *part;
    struct span positions;
    const struct follower *next;
};

/* What of one sequence is run. */
struct part {
    const struct sequence *sequence;
    size_t index; /* of the sequence in the call, for messages */
    size_t n_keys;
    size_t n_shared;           /* of these, the first are the holder's; 0: none */
    const struct part *holder; /* an earlier part, which may itself share its first */
    size_t first_held;         /* the first key in its memory: that of a block of attention, so
                                  that the last of those shared may be there as well */
    const struct follower *followers;
    size_t first_key;      /* of its own keys */
    size_t first_observed; /* position of the first row that is looked at */
    size_t first_slot;     /* of the keys in its memory: see attention_kv.h */
    size_t first_row;
    size_t first_position; /* of first_row; its rows reach to the last key */
    size_t first_tile;     /* of ATTENTION_ROWS positions each, counted from position 0 */
    size_t first_span;
    size_t first_cell;   /* of its spans, layers and heads */
    size_t first_focus;  /* of its rows from attend_from on */
    bool has_own_angles; /* rope_is_long() */
    size_t first_angle;  /* of position 0, in the tables of angles */
};

/* The keys that are a part's own. */
static inline size_t part_own_keys(const struct part *part)
{
    return part->n_keys - part->n_shared;
}

/* The number of the key of a position, which is the part's own. */
static inline size_t part_key(const struct part *part, size_t position)
{
    return part->first_key + (position - part->n_shared);
}

/* The keys in a part's memory. */
static inline size_t part_held_keys(const struct part *part)
{
    return part->n_keys - part->first_held;
}

/* The part in whose memory it finds the key of a position. */
static inline const struct part *part_holding(const struct part *part, size_t position)
{
    while (position < part->first_held)
        part = part->holder;
    return part;
}

/* Fill what of a sequence is looked at; false when nothing is. */
bool part_observe(const struct sequence *sequence, size_t index, struct part *out);

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
    struct part *parts;
    size_t n_parts;
    size_t n_keys;
    size_t n_slots;
    size_t n_rows;
    size_t n_tiles;
    size_t max_keys;        /* of one part */
    size_t n_layers;        /* that have to be run */
    size_t layer;           /* the one at hand */
    size_t n_angles;        /* positions in the tables of angles: */
    size_t n_shared_angles; /* first those that parts share, then those of one part each */
    uint32_t *position;     /* of each key in its sequence */
    uint32_t *angle;        /* of each key, in the tables */
    uint32_t *key_of_row;
    struct target *targets;
    size_t n_targets;
    struct logit_sum *sums; /* of TARGET_ROWS targets for each slice of the vocabulary */
    /* Attention on each span as a sum of fixed-point numbers, one line of n_spans a thread:
     * sums of integers do not depend on their order. */
    int64_t *mass;
    size_t n_spans;
    /* The same by span, layer and head, where that is asked for; all threads add to it. */
    _Atomic int64_t *cells;
    size_t n_cells;
    double *focus; /* per row and head the probability on the focus spans */
    size_t n_focus;
    double *reach;   /* per tile and head of the first layer: sum, sum of squares */
    size_t *bad_key; /* per thread the lowest key whose values left the range; SIZE_MAX none */

    float *x; /* residual stream: n_rows x n_embd */
    float *q; /* queries, then the attention's output: n_rows x heads * head_dim */
    void *k;  /* keys and values: see attention_kv.h */
    void *v;
    float *h;   /* up to TARGET_ROWS rows after the last norm: x n_embd */
    float *cos; /* n_angles x n_rot / 2 */
    float *sin;
    float *local_cos; /* max_keys x n_rot / 2, where local layers turn otherwise */
    float *local_sin;
};

/* Check the sequences against session.h and lay them out; memory is the session's and is used
 * again by the next call. A batch may come out with no parts: nothing to observe. */
int ragged_init(struct session *session, const struct sequence *sequences, size_t n_sequences,
                struct ragged *out, struct error *err);

const struct part *ragged_part_of_key(const struct ragged *batch, size_t key);
const struct part *ragged_part_of_tile(const struct ragged *batch, size_t tile);

/* Drop the rows nobody looks at. */
void ragged_narrow(const struct session *session, struct ragged *batch);

/* 0, or -1 with ERR_INPUT naming sequence and token when some thread has marked a bad key. */
int ragged_check(const struct session *session, const struct ragged *batch, struct error *err);

/* The bytes ragged_init() takes for n_keys keys in n_parts parts, shared ones counted for
 * each, at most. */
uint64_t ragged_bytes(const struct model *model, size_t n_threads, size_t n_keys,
                      size_t n_parts);

#endif
