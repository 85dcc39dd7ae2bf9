/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_attention.h - the attention to segments by layer, or by layer and head.
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
    int64_t score_set_id; /* of segments that are stored */
    int64_t sample_id;
    int64_t segment;
    int64_t layer;
    int64_t head; /* ALL_HEADS: their mean */
    double attention;
};

/* Insert or replace. Inside a transaction. A value that is not finite is ERR_INVARIANT. */
int segment_attention_put(struct store *store, const struct segment_attention_row *row,
                          struct error *err);

/* Those of the samples, which ascend, that have no score in the set, or segments without a
 * table: by_head, of layers and heads, or else of layers. Ascends; free with
 * id_list_release(). */
int segment_attention_lacking(struct store *store, int64_t score_set_id, bool by_head,
                              const struct id_list *samples, struct id_list *out,
                              struct error *err);

#endif
