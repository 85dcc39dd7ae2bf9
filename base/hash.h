/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - content hashes, XXH3-128. Only hash.c includes <xxhash.h>.
 *
 * An attacker can construct collisions; use digest.h where that matters.
 */
#ifndef CURATE_HASH_H
#define CURATE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;

enum { HASH_BYTES = 16 };

/* In big-endian byte order, so that it is the same on every machine. */
struct hash {
    uint8_t bytes[HASH_BYTES];
};

struct hash hash_bytes(struct slice bytes);

/* Computes the hash of bytes that are added in parts. */
struct hash_stream;
int hash_stream_new(struct hash_stream **out, struct error *err);
void hash_stream_free(struct hash_stream *stream);
void hash_stream_reset(struct hash_stream *stream);
void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t n);
struct hash hash_stream_end(const struct hash_stream *stream);

/* A 64-bit hash, for hash tables. */
uint64_t hash_u64(struct slice bytes);

#endif
