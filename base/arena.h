/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - an allocator that frees all its memory at once.
 *
 * Each batch has an arena for the text of its samples, so no string is freed on its own. Memory
 * is aligned for any type. Only one thread may use an arena at a time.
 */
#ifndef CURATE_ARENA_H
#define CURATE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena {
    struct arena_block *head;
    size_t total_bytes; /* allocated since the last clear */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);
/* Free all allocations. Keeps one block for the next batch. */
void arena_clear(struct arena *arena);

/* Allocate n elements of `size` bytes, not zeroed. Returns NULL when memory runs out or n *
 * size overflows. */
void *arena_alloc(struct arena *arena, size_t n, size_t size);
/* Copy the bytes and append a NUL. ptr is NULL when memory runs out. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

#endif
