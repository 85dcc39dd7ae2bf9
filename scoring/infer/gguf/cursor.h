/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.h - bounded little-endian reads with a sticky overrun flag.
 *
 * A read past the end returns 0 or NULL, sets overrun, and leaves pos at the start of that
 * read. Every later read fails too. So a series of reads needs one check at its end, and pos
 * tells where the data ended.
 */
#ifndef CURATE_CURSOR_H
#define CURATE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *data;
    size_t len;
    size_t pos;
    bool overrun;
};

static inline size_t cursor_left(const struct cursor *cursor)
{
    return cursor->len - cursor->pos;
}

/* Return the next n bytes and advance past them. */
static inline const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t n)
{
    if (cursor->overrun || n > cursor_left(cursor)) {
        cursor->overrun = true;
        return NULL;
    }
    const uint8_t *at = cursor->data + cursor->pos;
    cursor->pos += (size_t)n;
    return at;
}

/* Read a little-endian integer of n_bytes <= 8 bytes, on a machine of any byte order. */
static inline uint64_t bytes_uint(const uint8_t *at, size_t n_bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n_bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
    const uint8_t *at = cursor_bytes(cursor, 4);

    return at ? (uint32_t)bytes_uint(at, 4) : 0;
}

static inline uint64_t cursor_u64(struct cursor *cursor)
{
    const uint8_t *at = cursor_bytes(cursor, 8);

    return at ? bytes_uint(at, 8) : 0;
}

#endif
