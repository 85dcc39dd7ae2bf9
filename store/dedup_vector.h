/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup_vector.h - sets of duplicates that are found by embeddings.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_DEDUP_VECTOR_H
#define CURATE_DEDUP_VECTOR_H

#include <stdint.h>

#include "base/slice.h"

struct error;
struct id_list;
struct store;

/* List the samples with an embedding of this score set, ascending. */
int dedup_find_vectors(struct store *store, int64_t score_set_id, struct id_list *out,
                       struct error *err);
/* List the samples whose embedding is missing with a reason, ascending. */
int dedup_find_missing(struct store *store, int64_t score_set_id, struct id_list *out,
                       struct error *err);
int dedup_count_pairs(struct store *store, int64_t dedup_set_id, uint64_t *n,
                      struct error *err);
/* Delete signatures, pairs, members and statistics of a set. Call inside a transaction. */
int dedup_clear(struct store *store, int64_t dedup_set_id, struct error *err);

/* What a set of compared vectors is known by: sums of the hashes of vectors. The sum does not
 * depend on their order. */
struct dedup_sums {
    uint64_t compared; /* of the vectors with a signature */
    uint64_t pool;     /* of the vectors that the last run found */
};
/* Store the sums as statistics of a set; what else they held is lost. Call inside a
 * transaction. */
int dedup_put_sums(struct store *store, int64_t dedup_set_id, const struct dedup_sums *sums,
                   struct error *err);
/* Read the sums; zeros if the set has no statistics. */
int dedup_get_sums(struct store *store, int64_t dedup_set_id, struct dedup_sums *out,
                   struct error *err);
/* Store statistics: canonical JSON, in which the sums are the members "compared" and "pool", in
 * hex. Call inside a transaction. */
int dedup_put_statistics(struct store *store, int64_t dedup_set_id, struct slice json,
                         struct error *err);

#endif
