/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - memory that ends where the address space does.
 *
 * A block handed out by guard_tail() ends at an unmapped page: one byte read or written past it
 * stops the test. The block and the bytes before it are poisoned, so that a byte nobody wrote,
 * and one written too early, can be told.
 */
#ifndef CURATE_GUARD_H
#define CURATE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum { GUARD_POISON = 0xa5 };

struct guard {
    unsigned char *base; /* of the mapping */
    unsigned char *end;  /* the first unmapped byte */
    unsigned char *tail; /* the block handed out last */
};

/* Room for blocks of up to max_bytes. Fails the test when the system has none. */
void guard_open(struct guard *g, size_t max_bytes);
/* The last `bytes` bytes, poisoned; at least 256 poisoned bytes lie before them. The block
 * before is gone. */
void *guard_tail(struct guard *g, size_t bytes);
/* Whether nothing was written in the 256 bytes before the block handed out last. */
bool guard_intact(const struct guard *g);
void guard_close(struct guard *g);

#endif
