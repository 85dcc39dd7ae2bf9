/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sketch.h - a small part of a set of shingles, by which one set is found inside another.
 *
 * A sketch is the SKETCH_MAX smallest hashes of a set. Below the largest hash of both sketches
 * they have all hashes of both sets, a random part of them. So the share of one set's hashes
 * there that the other has estimates how much of it the other contains (bottom-k; Broder,
 * Cohen).
 */
#ifndef CURATE_SKETCH_H
#define CURATE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKETCH_MAX = 1024, SKETCH_HASH_BYTES = 8 };

/* Write the sketch of a sorted set of n hashes. Returns the number of bytes. */
size_t sketch_write(const uint64_t *set, size_t n, uint8_t *out);
/* Get hash i of a sketch. */
uint64_t sketch_hash(const uint8_t *sketch, size_t i);
/* Distribute the bits of a hash: those of sketches of long texts are small numbers. */
uint64_t sketch_mix(uint64_t hash);

/* May one of the sets contain this share of the other? False if the estimate is more than three
 * standard deviations below. n_a and n_b are numbers of hashes. */
bool sketch_may_contain(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b,
                        double least);

#endif
