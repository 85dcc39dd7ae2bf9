/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - bytes that decoders read in order, in memory or decompressed while they are read.
 *
 * feed->at .. feed->end are the bytes at hand. A decoder asks for as many as it needs, reads
 * them, and moves `at`. Asking may move the bytes to another address.
 */
#ifndef CURATE_PARQUET_FEED_H
#define CURATE_PARQUET_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct feed {
    const uint8_t *at;
    const uint8_t *end;
    /* Get more bytes until n are at hand, or fewer at the end. Returns 0, or -1 with err set.
     * NULL: all bytes are in memory. */
    int (*more)(struct feed *feed, size_t n, struct error *err);
};

/* Bytes in memory. They may be NULL if there are none. */
static inline struct feed feed_of(const uint8_t *bytes, size_t n)
{
    return (struct feed){ bytes, n > 0 ? bytes + n : bytes, NULL };
}

static inline size_t feed_left(const struct feed *feed)
{
    return (size_t)(feed->end - feed->at);
}

/* Have n bytes at hand, or fewer at the end. */
static inline int feed_try(struct feed *feed, size_t n, struct error *err)
{
    return feed_left(feed) >= n || !feed->more ? 0 : feed->more(feed, n, err);
}

/* Have n bytes at hand. ERR_INPUT if there are fewer; what names the thing that is read. */
static inline int feed_need(struct feed *feed, size_t n, const char *what, struct error *err)
{
    if (feed_try(feed, n, err) < 0)
        return -1;
    return feed_left(feed) >= n ? 0 : error_set(err, ERR_INPUT, "%s end too early", what);
}

/* Read an unsigned integer of 7 bits a byte. ERR_INPUT if it has more than 64 bits. */
int feed_varint(struct feed *feed, const char *what, uint64_t *out, struct error *err);

#endif
