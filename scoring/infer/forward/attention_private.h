/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_private.h - a tile of attention while a thread is at it.
 */
#ifndef CURATE_ATTENTION_PRIVATE_H
#define CURATE_ATTENTION_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/infer/forward/session_private.h"

struct batch_range;
struct ragged;

/* Heads that share keys and values, of which a thread does so many at a time at most. */
enum { HEADS_TOGETHER = 8 };

/* What a tile's rows have come to under one head. */
struct head {
    size_t number;
    float *q;          /* row 0; q_width apart */
    uint16_t *rounded; /* the same as bfloat16, head_dim apart, where that is multiplied */
    float *out;        /* n x head_dim: sum of exp(score - max) * value */
    float max[ATTENTION_ROWS];
    double sum[ATTENTION_ROWS]; /* of exp(score - max); 0 until the row has seen a key */
};

/* Rows [first, first + n) of one range under the heads of one key-value head. */
struct tile {
    const struct session *session;
    const struct ragged *batch;
    const struct batch_range *range;
    size_t kv_head;
    size_t number; /* of all tiles of the batch */
    size_t window; /* keys a row sees; 0 all before it */
    size_t first;  /* position of row 0 */
    size_t n;
    size_t q_width;
    float *scores;     /* n x ATTENTION_KEYS, of the head and the block of keys at hand */
    uint16_t *weights; /* the same as bfloat16, where values are */
    struct head heads[HEADS_TOGETHER];
    size_t n_heads;
    double counted[ATTENTION_ROWS]; /* probability of what is counted, of the observed rows */
};

/* The first key that a row sees. */
static inline size_t tile_first_visible(const struct tile *tile, size_t row)
{
    const size_t end = tile->first + row + 1;

    return tile->window > 0 && end > tile->window ? end - tile->window : 0;
}

/* The range of keys [first, end) that a row sees; empty when its ends are equal. */
static inline struct span tile_visible(const struct tile *tile, size_t row, size_t first,
                                       size_t end)
{
    const size_t start = tile_first_visible(tile, row);
    struct span seen = { first > start ? first : start, min_size(end, tile->first + row + 1) };

    if (seen.start >= seen.end)
        seen.start = seen.end = first;
    return seen;
}

/* tile->scores = rows [row, n) times keys [first, end), where a row sees them; first begins a
 * panel, and there are at most ATTENTION_KEYS. */
void tile_score(const struct tile *tile, const struct head *head, size_t row, size_t first,
                size_t end);

/* n scores of a row, where the model has a cap for them. */
void tile_cap(const struct tile *tile, float *scores, size_t n);

/* Note what the range's sequence asks of this tile, once its maxima and sums are known. */
void tile_observe(struct tile *tile, size_t thread);

#endif
