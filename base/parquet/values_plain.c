/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/parquet/column_private.h"
#include "base/parquet/load.h"

enum { LENGTH_BYTES = 4 };

static const char what[] = "the values";

static int begin_nothing(struct parquet_column *column, struct error *err)
{
    (void)err;
    column->state.n_bits = 0;
    return 0;
}

static ssize_t read_booleans(struct parquet_column *column, size_t n, struct error *err)
{
    struct feed *feed = &column->body.feed;
    uint8_t *out = column->values.data;
    unsigned bit = column->state.n_bits;

    for (size_t i = 0; i < n; i++) {
        if (feed_need(feed, 1, what, err) < 0)
            return -1;
        out[i] = *feed->at >> bit & 1;
        bit = (bit + 1) % 8;
        feed->at += bit == 0;
    }
    column->state.n_bits = bit;
    return (ssize_t)n;
}

/* Have at least one value at hand. Returns how many there are, at most n; or -1. */
static ssize_t values_at_hand(const struct parquet_column *column, struct feed *feed, size_t n,
                              struct error *err)
{
    if (feed_need(feed, column->type_bytes, what, err) < 0)
        return -1;
    const size_t held = feed_left(feed) / column->type_bytes;
    return (ssize_t)(held < n ? held : n);
}

static ssize_t read_numbers(struct parquet_column *column, size_t n, struct error *err)
{
    struct feed *feed = &column->body.feed;
    const ssize_t n_read = values_at_hand(column, feed, n, err);

    if (n_read < 0)
        return -1;
    load_array(column->values.data, feed->at, (size_t)n_read, column->type_bytes);
    feed->at += (size_t)n_read * column->type_bytes;
    return n_read;
}

static ssize_t read_fixed(struct parquet_column *column, size_t n, struct error *err)
{
    struct slice *out = (struct slice *)column->values.data;
    struct feed *feed = &column->body.feed;
    const ssize_t n_read = values_at_hand(column, feed, n, err);

    for (ssize_t i = 0; i < n_read; i++) {
        out[i] = slice_of((const char *)feed->at, column->type_bytes);
        feed->at += column->type_bytes;
    }
    return n_read;
}

ssize_t plain_bytes_read(struct feed *feed, struct slice *out, size_t n, struct error *err)
{
    if (feed_need(feed, LENGTH_BYTES, what, err) < 0)
        return -1;
    if (feed_left(feed) - LENGTH_BYTES < load_u32(feed->at) &&
        feed_need(feed, LENGTH_BYTES + (size_t)load_u32(feed->at), what, err) < 0)
        return -1;
    const uint8_t *at = feed->at;
    size_t n_read = 0;
    while (n_read < n && feed->end - at >= LENGTH_BYTES) {
        const size_t len = load_u32(at);

        if ((size_t)(feed->end - at) - LENGTH_BYTES < len)
            break;
        out[n_read++] = slice_of((const char *)at + LENGTH_BYTES, len);
        at += LENGTH_BYTES + len;
    }
    feed->at = at;
    return (ssize_t)n_read;
}

static ssize_t read_texts(struct parquet_column *column, size_t n, struct error *err)
{
    return plain_bytes_read(&column->body.feed, (struct slice *)column->values.data, n, err);
}

/* The values are the bytes behind a length, which the page repeats. */
static int begin_rle(struct parquet_column *column, struct error *err)
{
    struct feed *feed = &column->body.feed;

    if (feed_need(feed, LENGTH_BYTES, what, err) < 0)
        return -1;
    feed->at += LENGTH_BYTES;
    hybrid_init(&column->state.hybrid, 1, what);
    return 0;
}

static ssize_t read_rle(struct parquet_column *column, size_t n, struct error *err)
{
    return hybrid_read_bytes(&column->state.hybrid, &column->body.feed, column->values.data, n,
                             err) < 0
               ? -1
               : (ssize_t)n;
}

const struct encoding encoding_plain_boolean = { begin_nothing, read_booleans };
const struct encoding encoding_plain_number = { begin_nothing, read_numbers };
const struct encoding encoding_plain_fixed = { begin_nothing, read_fixed };
const struct encoding encoding_plain_bytes = { begin_nothing, read_texts };
const struct encoding encoding_rle_boolean = { begin_rle, read_rle };
