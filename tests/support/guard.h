/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - memory blocks that end at an unmapped page.
 *
 * One byte read or written past a block of guard_tail() stops the test. The block and the bytes
 * before it are poisoned, which shows bytes that were never written, and bytes written before
 * the block.
 */
#ifndef CURATE_GUARD_H
#define CURATE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum { GUARD_POISON = 0xa5 };

struct guard {
    unsigned char *base; /* start of the mapping */
    unsigned char *end;  /* the first unmapped byte */
    unsigned char *tail; /* the current block */
};

/* Map room for blocks of up to max_bytes. Fails the test if the system has no memory. */
void guard_open(struct guard *g, size_t max_bytes);
/* Return a poisoned block of the last `bytes` bytes, after at least 256 poisoned bytes. The
 * previous block is no longer valid. */
void *guard_tail(struct guard *g, size_t bytes);
/* True if nothing was written to the 256 bytes before the current block. */
bool guard_intact(const struct guard *g);
void guard_close(struct guard *g);

#endif
