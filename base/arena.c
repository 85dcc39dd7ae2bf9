/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024, ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t cap;
    size_t used;
    _Alignas(ALIGN) char data[];
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){ 0 };
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_release(struct arena *arena)
{
    free_blocks(arena->head);
    *arena = (struct arena){ 0 };
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->head;

    if (block) {
        free_blocks(block->next);
        block->next = NULL;
        block->used = 0;
    }
    arena->total_bytes = 0;
}

static struct arena_block *arena_add_block(struct arena *arena, size_t need)
{
    const size_t cap = need > BLOCK_BYTES ? need : BLOCK_BYTES;

    if (cap > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + cap);
    if (!block)
        return NULL;
    block->cap = cap;
    block->used = 0;
    block->next = arena->head;
    arena->head = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - ALIGN)
        return NULL;
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_block *block = arena->head;
    if (!block || block->cap - block->used < bytes)
        block = arena_add_block(arena, bytes);
    if (!block)
        return NULL;
    void *at = block->data + block->used;
    block->used += bytes;
    arena->total_bytes += bytes;
    return at;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = bytes.len < SIZE_MAX ? arena_alloc(arena, bytes.len + 1, 1) : NULL;

    if (!copy)
        return (struct slice){ NULL, 0 };
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = '\0';
    return slice_of(copy, bytes.len);
}
