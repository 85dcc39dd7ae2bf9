/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parquet_encode.h - encode values as pages of Parquet files have them, with random choices
 * where the format leaves one.
 *
 * Nothing here is fast or small. Running out of memory aborts.
 */
#ifndef CURATE_TEST_PARQUET_ENCODE_H
#define CURATE_TEST_PARQUET_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct rng;

/* Runs of equal and of bit-packed numbers of `width` bits. */
void encode_hybrid(struct buf *out, struct rng *rng, const uint32_t *numbers, size_t n,
                   unsigned width);
/* DELTA_BINARY_PACKED; width_max is 32 or 64. */
void encode_delta(struct buf *out, struct rng *rng, const int64_t *numbers, size_t n,
                  unsigned width_max);
/* PLAIN of BYTE_ARRAY. */
void encode_plain_texts(struct buf *out, const struct slice *texts, size_t n);
/* DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY. */
void encode_delta_lengths(struct buf *out, struct rng *rng, const struct slice *texts,
                          size_t n);
void encode_delta_texts(struct buf *out, struct rng *rng, const struct slice *texts, size_t n);
/* BYTE_STREAM_SPLIT of values of n_bytes each. */
void encode_split(struct buf *out, const void *values, size_t n, size_t n_bytes);

#endif
