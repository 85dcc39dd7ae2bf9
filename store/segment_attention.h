/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_attention.h - attention to the segments of a context, per layer or per layer and
 * head.
 */
#ifndef CURATE_SEGMENT_ATTENTION_H
#define CURATE_SEGMENT_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct id_list;
struct store;

enum { ALL_HEADS = -1 };

struct segment_attention_row {
    int64_t score_set_id; /* the segment must be stored in this set */
    int64_t sample_id;
    int64_t segment;
    int64_t layer;
    int64_t head; /* ALL_HEADS: attention is the mean over the heads */
    double attention;
};

/* Insert or replace a row. ERR_INVARIANT if the attention is not finite. Call inside a
 * transaction. Returns 0, or -1 with err set. */
int segment_attention_put(struct store *store, const struct segment_attention_row *row,
                          struct error *err);

/* List the samples that have no score in the set, or a segment without attention rows: rows per
 * head if by_head, else rows of ALL_HEADS. Both lists are ascending. Free out with
 * id_list_release(). Returns 0, or -1 with err set. */
int segment_attention_list_incomplete(struct store *store, int64_t score_set_id, bool by_head,
                                      const struct id_list *samples, struct id_list *out,
                                      struct error *err);

#endif
