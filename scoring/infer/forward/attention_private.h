/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_private.h - a tile of attention: the state of the online softmax in one thread.
 */
#ifndef CURATE_ATTENTION_PRIVATE_H
#define CURATE_ATTENTION_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/infer/forward/session_private.h"

struct batch_range;
struct ragged;

/* At most so many of the heads that share a key-value head are in one tile. */
enum { TILE_HEADS_MAX = 8 };

/* The query rows of a tile under one head, and their running softmax. */
struct head {
    size_t index;               /* of the head in the model */
    float *q;                   /* query row 0; the next row is q_width floats on */
    uint16_t *q_bf16;           /* n x head_dim: the queries in bfloat16, with bf16_attention */
    float *out;                 /* n x head_dim: sum of exp(score - max) * value */
    float max[ATTENTION_ROWS];  /* largest score so far */
    double sum[ATTENTION_ROWS]; /* of exp(score - max); 0 until the row has met a key */
};

/* Query rows [first, first + n) of one range, under heads of one key-value head. */
struct tile {
    const struct session *session;
    const struct ragged *batch;
    const struct batch_range *range;
    size_t kv_head;
    size_t index;  /* of the tile in the batch */
    size_t window; /* keys that a row sees; 0: all up to its own */
    size_t first;  /* position of row 0 */
    size_t n;      /* rows, at most ATTENTION_ROWS */
    size_t q_width;
    float *scores;     /* n x ATTENTION_KEYS: of the current head and block of keys */
    uint16_t *weights; /* n x ATTENTION_KEYS: softmax weights, with bf16_attention */
    struct head heads[TILE_HEADS_MAX];
    size_t n_heads;
    double counted[ATTENTION_ROWS]; /* per observed row: probability of the keys that are not
                                       ignored_keys */
};

/* Position of the first key that a row sees. */
static inline size_t tile_first_visible(const struct tile *tile, size_t row)
{
    const size_t end = tile->first + row + 1;

    return tile->window > 0 && end > tile->window ? end - tile->window : 0;
}

/* The keys among [first, end) that a row sees. Empty if start equals end. */
static inline struct span tile_visible(const struct tile *tile, size_t row, size_t first,
                                       size_t end)
{
    const size_t start = tile_first_visible(tile, row);
    struct span visible = { first > start ? first : start,
                            min_size(end, tile->first + row + 1) };

    if (visible.start >= visible.end)
        visible.start = visible.end = first;
    return visible;
}

/* Compute tile->scores: query rows [row, n) times keys [first, end). Scores of keys that a row
 * does not see are undefined. first is a multiple of the panel; end - first is at most
 * ATTENTION_KEYS. */
void tile_score(const struct tile *tile, const struct head *head, size_t row, size_t first,
                size_t end);

/* Apply the soft cap of the model, if it has one, to n scores of a row. */
void tile_cap(const struct tile *tile, float *scores, size_t n);

/* Add what the range's sequence observes of this tile to the batch. The maxima and sums of the
 * heads must be final. */
void tile_observe(struct tile *tile, size_t thread);

#endif
