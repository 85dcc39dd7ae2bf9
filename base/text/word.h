/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word.h - test eight bytes at once.
 *
 * The word_has functions return nonzero if one of the bytes matches. Combine results with '|'.
 * Only the first match is exact: bits for later bytes may be wrong.
 */
#ifndef CURATE_WORD_H
#define CURATE_WORD_H

#include <stddef.h>
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

/* Match bytes below `limit`, at most 0x80. Only such a byte borrows into its clear high bit. */
static inline uint64_t word_has_below(uint64_t word, uint8_t limit)
{
    return (word - WORD_EACH(limit)) & ~word & WORD_HIGH;
}

static inline uint64_t word_has_byte(uint64_t word, uint8_t byte)
{
    return word_has_below(word ^ WORD_EACH(byte), 1);
}

/* Count the bytes before the first match; hits must not be 0. On big-endian machines returns 0,
 * which is always a valid lower bound. */
static inline size_t word_before(uint64_t hits)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (size_t)__builtin_ctzll(hits) / 8 : 0;
}

#endif
