/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup_text.h - the text of a sample that near and exact duplicates compare.
 */
#ifndef CURATE_DEDUP_TEXT_H
#define CURATE_DEDUP_TEXT_H

#include <stdint.h>

#include "base/hash.h"

struct buf;
struct error;
struct store;

/*
 * Append a field of a sample: "instruction", "response", "context", or "whole", which is
 * instruction, LF and response, or the context of a sample without turns. A missing field adds
 * nothing. Returns 0, or -1 with err set: as of store.h; ERR_INPUT if the buffer would
 * grow past its maximum.
 */
int dedup_read_text(struct store *store, const char *field, int64_t sample_id, struct buf *out,
                    struct error *err);

/* Remove all pairs of a set, or those that one sample is part of. Call inside a transaction. */
int dedup_drop_pairs(struct store *store, int64_t dedup_set_id, struct error *err);
int dedup_drop_pairs_of(struct store *store, int64_t dedup_set_id, int64_t sample_id,
                        struct error *err);
/* Get the number of big buckets that the last complete run of a set counted. */
int dedup_big_buckets(struct store *store, int64_t dedup_set_id, int64_t *out,
                      struct error *err);
/* Append a stored signature. A sample without one adds nothing. */
int dedup_read_signature(struct store *store, int64_t dedup_set_id, int64_t sample_id,
                         struct buf *out, struct error *err);
/* Compute a hash over the content hashes of the samples of a selection. */
int dedup_hash_selection(struct store *store, const char *name, struct hash *out,
                         struct error *err);

#endif
