/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/parquet/column_private.h"

static int begin_numbers(struct parquet_column *column, struct error *err)
{
    const unsigned width = column->type == PARQUET_INT32 ? 32 : 64;

    return delta_begin(&column->state.numbers, &column->body.feed, width, "the values", err);
}

static ssize_t read_delta_numbers(struct parquet_column *column, size_t n, struct error *err)
{
    struct delta *delta = &column->state.numbers;
    int64_t part[LENGTHS_PART];
    void *out = column->values.data;

    if (n > delta->n_left)
        return error_set(err, ERR_INPUT, "the values are %zu fewer than the levels say",
                         n - (size_t)delta->n_left);
    if (column->type == PARQUET_INT64)
        return delta_read(delta, &column->body.feed, out, n, err) < 0 ? -1 : (ssize_t)n;
    for (size_t done = 0; done < n;) {
        const size_t n_part = n - done < LENGTHS_PART ? n - done : LENGTHS_PART;

        if (delta_read(delta, &column->body.feed, part, n_part, err) < 0)
            return -1;
        for (size_t i = 0; i < n_part; i++)
            ((int32_t *)out)[done + i] = (int32_t)part[i];
        done += n_part;
    }
    return (ssize_t)n;
}

static int begin_lengths(struct parquet_column *column, struct lengths *lengths,
                         const char *what, struct error *err)
{
    struct feed *feed = &column->body.feed;
    uint64_t n = 0;
    size_t n_bytes = 0;

    if (delta_measure(feed, 32, what, &n, &n_bytes, err) < 0 ||
        block_grow(&lengths->copy, n_bytes, column->budget, what, err) < 0)
        return -1;
    memcpy(lengths->copy.data, feed->at, n_bytes);
    feed->at += n_bytes;
    lengths->feed = feed_of(lengths->copy.data, n_bytes);
    lengths->used = lengths->n = 0;
    return delta_begin(&lengths->delta, &lengths->feed, 32, what, err);
}

/* Have the next length at hand: it is lengths->part[lengths->used]. */
static inline int need_length(struct lengths *lengths, struct error *err)
{
    struct delta *delta = &lengths->delta;

    if (lengths->used == lengths->n) {
        const size_t n = delta->n_left < LENGTHS_PART ? (size_t)delta->n_left : LENGTHS_PART;

        if (n == 0)
            return error_set(err, ERR_INPUT, "%s are fewer than the values", delta->what);
        if (delta_read(delta, &lengths->feed, lengths->part, n, err) < 0)
            return -1;
        lengths->used = 0;
        lengths->n = n;
    }
    if (lengths->part[lengths->used] < 0)
        return error_set(err, ERR_INPUT, "%s have the negative number %" PRId64, delta->what,
                         lengths->part[lengths->used]);
    return 0;
}

static int begin_texts(struct parquet_column *column, struct error *err)
{
    return begin_lengths(column, &column->state.lengths, "the lengths", err);
}

static ssize_t read_delta_texts(struct parquet_column *column, size_t n, struct error *err)
{
    struct lengths *lengths = &column->state.lengths;
    struct slice *out = (struct slice *)(void *)column->values.data;
    struct feed *feed = &column->body.feed;
    size_t n_read = 0;

    for (; n_read < n; n_read++) {
        if (need_length(lengths, err) < 0)
            return -1;
        const size_t len = (size_t)lengths->part[lengths->used];
        if (n_read > 0 && feed_left(feed) < len)
            break;
        if (feed_need(feed, len, "the values", err) < 0)
            return -1;
        out[n_read] = slice_of((const char *)feed->at, len);
        feed->at += len;
        lengths->used++;
    }
    return (ssize_t)n_read;
}

static int begin_prefixed(struct parquet_column *column, struct error *err)
{
    struct value_state *state = &column->state;

    state->previous_at = state->n_previous = 0;
    if (begin_lengths(column, &state->prefixes, "the lengths of prefixes", err) < 0)
        return -1;
    return begin_lengths(column, &state->lengths, "the lengths of suffixes", err);
}

/* Have the lengths of the next value, and check them. */
static int need_prefixed(struct parquet_column *column, size_t *prefix, size_t *suffix,
                         struct error *err)
{
    struct value_state *state = &column->state;

    if (need_length(&state->prefixes, err) < 0 || need_length(&state->lengths, err) < 0)
        return -1;
    *prefix = (size_t)state->prefixes.part[state->prefixes.used];
    *suffix = (size_t)state->lengths.part[state->lengths.used];
    if (*prefix > state->n_previous)
        return error_set(err, ERR_INPUT,
                         "a prefix has %zu bytes, but the value before has only %zu", *prefix,
                         state->n_previous);
    if (column->type == PARQUET_FIXED && *prefix + *suffix != column->type_bytes)
        return error_set(err, ERR_INPUT, "a value has %zu bytes, but the type has %zu",
                         *prefix + *suffix, column->type_bytes);
    return 0;
}

/* The first value of a batch: make room behind the value before, which moves to the start. */
static int begin_prefixed_batch(struct parquet_column *column, size_t prefix, size_t suffix,
                                struct error *err)
{
    struct value_state *state = &column->state;
    const size_t need = state->n_previous + prefix + suffix;

    if (feed_need(&column->body.feed, suffix, "the values", err) < 0 ||
        block_grow(&state->text, need > COLUMN_TEXT_BYTES ? need : COLUMN_TEXT_BYTES,
                   column->budget, "a value", err) < 0)
        return -1;
    memmove(state->text.data, state->text.data + state->previous_at, state->n_previous);
    state->previous_at = 0;
    return 0;
}

static ssize_t read_prefixed(struct parquet_column *column, size_t n, struct error *err)
{
    struct value_state *state = &column->state;
    struct slice *out = (struct slice *)(void *)column->values.data;
    struct feed *feed = &column->body.feed;
    size_t n_read = 0, prefix = 0, suffix = 0;

    for (; n_read < n; n_read++) {
        if (need_prefixed(column, &prefix, &suffix, err) < 0 ||
            (n_read == 0 && begin_prefixed_batch(column, prefix, suffix, err) < 0))
            return -1;
        const size_t at = state->previous_at + state->n_previous;
        if (feed_left(feed) < suffix || state->text.cap - at < prefix + suffix)
            break;
        uint8_t *value = state->text.data + at;
        memcpy(value, state->text.data + state->previous_at, prefix);
        memcpy(value + prefix, feed->at, suffix);
        feed->at += suffix;
        out[n_read] = slice_of((const char *)value, prefix + suffix);
        state->previous_at = at;
        state->n_previous = prefix + suffix;
        state->prefixes.used++;
        state->lengths.used++;
    }
    return (ssize_t)n_read;
}

const struct encoding encoding_delta_number = { begin_numbers, read_delta_numbers };
const struct encoding encoding_delta_length = { begin_texts, read_delta_texts };
const struct encoding encoding_delta_bytes = { begin_prefixed, read_prefixed };
