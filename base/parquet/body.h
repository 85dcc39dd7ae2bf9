/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.h - the decompressed bytes of one page, as a feed.
 *
 * A short page is decompressed at once. A long one is a window over the stream, if the codec
 * can do that; its block is as large as the longest value in it.
 */
#ifndef CURATE_PARQUET_BODY_H
#define CURATE_PARQUET_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parquet/budget.h"
#include "base/parquet/feed.h"

struct codec;
struct error;
struct input;

struct body {
    struct feed feed; /* first: body_more() gets it */
    struct input *input;
    struct budget *budget;
    const struct codec *codec; /* of the page: NULL: not compressed */
    void *state;               /* of the codec */
    const char *what;          /* for messages: "a page" */
    size_t window_bytes;       /* of a long page */
    struct block block;
    uint64_t compressed_left;   /* bytes of the page that the input still has */
    uint64_t decompressed_left; /* bytes that the feed still gets */
    bool is_whole; /* all bytes are at hand, and stay where they are until the next page */
};

/* Begin a page: the next n_compressed bytes of the input, which has so many left. Its bytes are
 * decompressed to exactly n bytes, or the feed fails. codec is NULL if they are not compressed.
 * With own_block all bytes are in the block of the body once the feed was asked for them. */
int body_begin(struct body *body, const struct codec *codec, uint64_t n_compressed, uint64_t n,
               bool own_block, struct error *err);
/* Pass over what was not read of the page. */
void body_end(struct body *body);
void body_release(struct body *body);

#endif
