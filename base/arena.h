/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is given back all at once.
 *
 * Text of the samples of a batch lives in the batch's arena; nothing frees a single string.
 * Memory is aligned for any type. One thread at a time.
 */
#ifndef CURATE_ARENA_H
#define CURATE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena {
    struct arena_block *head;
    size_t total_bytes; /* handed out since the last clear */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);
/* Everything handed out becomes invalid; one block is kept for the next batch. */
void arena_clear(struct arena *arena);

/* NULL when there is no memory, or when n * size overflows. Not zeroed. */
void *arena_alloc(struct arena *arena, size_t n, size_t size);
/* A copy of the bytes with a NUL behind; ptr NULL when there is no memory. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

#endif
