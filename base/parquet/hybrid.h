/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hybrid.h - decode runs of equal and of bit-packed numbers, as levels and indices are stored.
 */
#ifndef CURATE_PARQUET_HYBRID_H
#define CURATE_PARQUET_HYBRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct feed;

struct hybrid {
    const char *what; /* for messages: "the definition levels" */
    unsigned width;   /* bits of a number, at most 32 */
    bool is_packed;   /* the run that is read */
    uint64_t n_left;  /* numbers that it still has */
    uint32_t value;   /* of a run of equal numbers */
    unsigned n_taken; /* of a packed run: numbers of the group at feed->at that were returned */
};

void hybrid_init(struct hybrid *hybrid, unsigned width, const char *what);
/* Decode n numbers. hybrid_read_bytes() is for widths of at most 8 bits. Returns 0, or -1 with
 * err set: ERR_INPUT. */
int hybrid_read(struct hybrid *hybrid, struct feed *feed, uint32_t *out, size_t n,
                struct error *err);
int hybrid_read_bytes(struct hybrid *hybrid, struct feed *feed, uint8_t *out, size_t n,
                      struct error *err);
/* The bits that the numbers 0 to max need. */
unsigned hybrid_width(uint32_t max);

#endif
