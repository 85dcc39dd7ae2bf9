/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedding.h - vectors of samples, stored as 32-bit floats.
 */
#ifndef CURATE_EMBEDDING_H
#define CURATE_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* Insert or replace the vector of a sample, n >= 1 numbers. ERR_INVARIANT if a number is not
 * finite as a 32-bit float. Call inside a transaction. Returns 0, or -1 with err set. */
int embedding_put(struct store *store, int64_t score_set_id, int64_t sample_id,
                  const double *vector, size_t n, struct error *err);

/* Get the length of a sample's vector. Returns 1, 0 if it has none, or -1. */
int embedding_width(struct store *store, int64_t score_set_id, int64_t sample_id, size_t *n,
                    struct error *err);

/* Read a vector of n numbers. ERR_INVARIANT if there is none or its length differs. Returns 0,
 * or -1 with err set. */
int embedding_get(struct store *store, int64_t score_set_id, int64_t sample_id, float *out,
                  size_t n, struct error *err);

#endif
