/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delta.h - decode DELTA_BINARY_PACKED: differences in blocks, bit-packed.
 */
#ifndef CURATE_PARQUET_DELTA_H
#define CURATE_PARQUET_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct feed;

enum { DELTA_MINIBLOCKS_MAX = 512 };

struct delta {
    const char *what;    /* for messages: "the lengths" */
    unsigned type_bits;  /* 32 or 64 */
    uint64_t n_left;     /* numbers that were not returned */
    uint64_t value;      /* the number before the next one */
    uint64_t min_delta;  /* of the block */
    uint32_t n_mini;     /* miniblocks a block */
    uint32_t mini_size;  /* numbers a miniblock */
    uint32_t mini;       /* number of the next miniblock of the block */
    uint32_t mini_left;  /* numbers of the current miniblock that were not decoded */
    unsigned width;      /* of the current miniblock */
    unsigned group_size; /* deltas in group[] */
    unsigned group_used;
    uint64_t group[32];
    uint8_t widths[DELTA_MINIBLOCKS_MAX];
    bool at_first; /* the first number, which is in the header, is next */
};

/* Read the header. */
int delta_begin(struct delta *delta, struct feed *feed, unsigned type_bits, const char *what,
                struct error *err);
/* Decode n numbers, which must be left. For 32 bits they wrap around as int32_t does. */
int delta_read(struct delta *delta, struct feed *feed, int64_t *out, size_t n,
               struct error *err);
/* Pass over the numbers that begin at feed->at, without moving feed->at: all of them are at
 * hand afterwards. Returns their number and their bytes. */
int delta_measure(struct feed *feed, unsigned type_bits, const char *what, uint64_t *n,
                  size_t *n_bytes, struct error *err);

#endif
