/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word.h - questions to eight bytes at once.
 *
 * Each answers nonzero when one of the bytes is as asked. Which one is for the caller to find:
 * the bits above the first hit may be wrong, and where the first is depends on the byte order.
 */
#ifndef CURATE_WORD_H
#define CURATE_WORD_H

#include <stdint.h>
#include <string.h>

enum { WORD_BYTES = 8 };

#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))
#define WORD_HIGH       WORD_EACH(0x80)

static inline uint64_t word_load(const void *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t word_has_high(uint64_t word)
{
    return word & WORD_HIGH;
}

/* Below `limit`, which is at most 0x80: only such a byte borrows into its clear high bit. */
static inline uint64_t word_has_below(uint64_t word, uint8_t limit)
{
    return (word - WORD_EACH(limit)) & ~word & WORD_HIGH;
}

static inline uint64_t word_has_byte(uint64_t word, uint8_t byte)
{
    return word_has_below(word ^ WORD_EACH(byte), 1);
}

#endif
