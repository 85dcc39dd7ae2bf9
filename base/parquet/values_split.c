/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values_split.c - BYTE_STREAM_SPLIT: the first bytes of all values, then all second bytes, and
 * so on. So the page is needed as a whole.
 */
#include <string.h>

#include "base/error.h"
#include "base/parquet/column_private.h"
#include "base/parquet/load.h"

static int begin_split(struct parquet_column *column, struct error *err)
{
    struct value_state *state = &column->state;
    struct feed *feed = &column->body.feed;
    const size_t n_bytes = feed_left(feed) + (size_t)column->body.decompressed_left;

    if (n_bytes % column->type_bytes != 0)
        return error_set(err, ERR_INPUT, "the values have %zu bytes, no multiple of %zu",
                         n_bytes, column->type_bytes);
    state->n_split = n_bytes / column->type_bytes;
    state->n_split_taken = 0;
    return feed_need(feed, n_bytes, "the values", err);
}

/* Put the bytes of n values side by side. */
static void join_streams(const struct parquet_column *column, uint8_t *out, size_t n)
{
    const struct value_state *state = &column->state;
    const size_t n_bytes = column->type_bytes;

    for (size_t k = 0; k < n_bytes; k++) {
        const uint8_t *stream =
            column->body.feed.at + k * state->n_split + state->n_split_taken;

        for (size_t i = 0; i < n; i++)
            out[i * n_bytes + k] = stream[i];
    }
}

static ssize_t read_split(struct parquet_column *column, size_t n, struct error *err)
{
    struct value_state *state = &column->state;
    const size_t n_bytes = column->type_bytes;
    const size_t n_fitting = COLUMN_TEXT_BYTES / n_bytes > 0 ? COLUMN_TEXT_BYTES / n_bytes : 1;

    if (n > state->n_split - state->n_split_taken)
        return error_set(err, ERR_INPUT, "the values are fewer than the levels say");
    if (column->type != PARQUET_FIXED) {
        join_streams(column, column->values.data, n);
        load_in_place(column->values.data, n, n_bytes);
    } else {
        struct slice *out = (struct slice *)(void *)column->values.data;

        n = n < n_fitting ? n : n_fitting;
        if (block_grow(&state->text, n * n_bytes, column->budget, "a value", err) < 0)
            return -1;
        join_streams(column, state->text.data, n);
        for (size_t i = 0; i < n; i++)
            out[i] = slice_of((const char *)state->text.data + i * n_bytes, n_bytes);
    }
    state->n_split_taken += n;
    return (ssize_t)n;
}

const struct encoding encoding_split = { begin_split, read_split };
