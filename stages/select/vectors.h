/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors.h - the vectors of candidates, in memory.
 */
#ifndef CURATE_SELECT_VECTORS_H
#define CURATE_SELECT_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct candidates;
struct error;
struct pool;
struct report;
struct store;
struct whitening;

struct vector_set {
    int64_t score_set_id; /* whose vectors */
    uint64_t max_bytes;   /* of memory */
    bool whiten;          /* compare the vectors whitened: vectors_whiten() */
};

struct candidate_vectors {
    uint32_t *candidates; /* those with a vector that has a length, ascending */
    size_t n;
    size_t width;
    float *vectors; /* n rows of `width` numbers, as stored */
};

/* Read the vectors of the n candidates of `among`, which are in any order. Returns 0, or -1
 * with err set: ERR_NOMEM with the memory that is needed; ERR_INPUT if their lengths differ. */
int vectors_load(struct store *store, const struct vector_set *set,
                 const struct candidates *candidates, const uint32_t *among, size_t n,
                 struct candidate_vectors *out, struct error *err);
/* If the set is to be whitened, transform the vectors by *whitening, which is made from them if
 * it is NULL; it is the caller's to free. Vectors without a length afterwards are left out.
 * Returns 0, or -1 with err set. */
int vectors_whiten(const struct vector_set *set, struct candidate_vectors *vectors,
                   struct pool *pool, struct report *report, struct whitening **whitening,
                   struct error *err);
/* Check that n_bytes more fit into memory beside the vectors: ERR_NOMEM if not. */
int vectors_check_memory(const struct vector_set *set, const struct candidate_vectors *vectors,
                         uint64_t n_bytes, struct error *err);
/* Zeroed vectors may be released. */
void vectors_release(struct candidate_vectors *vectors);

#endif
