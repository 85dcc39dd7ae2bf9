/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedding.h - samples as vectors.
 */
#ifndef CURATE_EMBEDDING_H
#define CURATE_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* Insert or replace a vector of n >= 1 finite numbers, kept as 32-bit floats. Inside a
 * transaction. ERR_INVARIANT for a number that is not finite, or no float. */
int embedding_put(struct store *store, int64_t score_set_id, int64_t sample_id,
                  const double *vector, size_t n, struct error *err);

/* How many numbers a sample's vector has: 1, 0 when there is none, -1. */
int embedding_width(struct store *store, int64_t score_set_id, int64_t sample_id, size_t *n,
                    struct error *err);

/* A vector of exactly n numbers: 0; ERR_INVARIANT when there is none or of another length. */
int embedding_get(struct store *store, int64_t score_set_id, int64_t sample_id, float *out,
                  size_t n, struct error *err);

#endif
