/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/delta.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/parquet/feed.h"
#include "base/parquet/load.h"

enum { GROUP = 32 /* a miniblock has a multiple */, BLOCK_SIZE_MAX = 1 << 24, WIDTH_MAX = 64 };

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

int delta_begin(struct delta *delta, struct feed *feed, unsigned type_bits, const char *what,
                struct error *err)
{
    uint64_t block_size = 0, n_mini = 0, n = 0, first = 0;

    if (feed_varint(feed, what, &block_size, err) < 0 ||
        feed_varint(feed, what, &n_mini, err) < 0 || feed_varint(feed, what, &n, err) < 0 ||
        feed_varint(feed, what, &first, err) < 0)
        return -1;
    if (block_size == 0 || block_size % 128 != 0 || block_size > BLOCK_SIZE_MAX ||
        n_mini == 0 || n_mini > DELTA_MINIBLOCKS_MAX || block_size % n_mini != 0 ||
        block_size / n_mini % GROUP != 0 || n > INT32_MAX)
        return error_set(err, ERR_INPUT,
                         "%s have an invalid header: blocks of %" PRIu64 " values in %" PRIu64
                         " parts",
                         what, block_size, n_mini);
    *delta = (struct delta){
        .what = what,
        .type_bits = type_bits,
        .n_left = n,
        .value = unzigzag(first),
        .n_mini = (uint32_t)n_mini,
        .mini_size = (uint32_t)(block_size / n_mini),
        .mini = (uint32_t)n_mini,
        .at_first = true,
    };
    return 0;
}

static int begin_block(struct delta *delta, struct feed *feed, struct error *err)
{
    uint64_t min_delta = 0;

    if (feed_varint(feed, delta->what, &min_delta, err) < 0 ||
        feed_need(feed, delta->n_mini, delta->what, err) < 0)
        return -1;
    memcpy(delta->widths, feed->at, delta->n_mini);
    feed->at += delta->n_mini;
    delta->min_delta = unzigzag(min_delta);
    delta->mini = 0;
    return 0;
}

static int begin_miniblock(struct delta *delta, struct feed *feed, struct error *err)
{
    if (delta->mini == delta->n_mini && begin_block(delta, feed, err) < 0)
        return -1;
    delta->width = delta->widths[delta->mini++];
    delta->mini_left = delta->mini_size;
    /* DuckDB writes differences of 33 bits for numbers of 32. */
    if (delta->width > WIDTH_MAX)
        return error_set(err, ERR_INPUT, "%s have differences of %u bits, but 64 is the most",
                         delta->what, delta->width);
    return 0;
}

/* Unpack the 32 numbers of a group. 9 bytes are read from where its last number begins. */
static void unpack_deltas(const uint8_t *at, unsigned width, uint64_t out[GROUP])
{
    const uint64_t mask = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;

    for (unsigned i = 0; i < GROUP; i++) {
        const unsigned bit = i * width, shift = bit % 8;
        const uint64_t low = load_u64(at + bit / 8) >> shift;
        const uint64_t high = shift > 0 ? (uint64_t)at[bit / 8 + 8] << (64 - shift) : 0;

        out[i] = (low | high) & mask;
    }
}

static int read_deltas(struct delta *delta, struct feed *feed, struct error *err)
{
    uint8_t bytes[GROUP * 8 + 9] = { 0 };

    if (delta->mini_left == 0 && begin_miniblock(delta, feed, err) < 0)
        return -1;
    const size_t n = GROUP / 8 * (size_t)delta->width;
    if (feed_need(feed, n, delta->what, err) < 0)
        return -1;
    if (feed_left(feed) >= n + 9) {
        unpack_deltas(feed->at, delta->width, delta->group);
    } else {
        if (n > 0)
            memcpy(bytes, feed->at, n);
        unpack_deltas(bytes, delta->width, delta->group);
    }
    feed->at += n;
    delta->mini_left -= GROUP;
    delta->group_size = GROUP;
    delta->group_used = 0;
    return 0;
}

int delta_read(struct delta *delta, struct feed *feed, int64_t *out, size_t n,
               struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (delta->at_first) {
            delta->at_first = false;
        } else {
            if (delta->group_used == delta->group_size && read_deltas(delta, feed, err) < 0)
                return -1;
            delta->value += delta->min_delta + delta->group[delta->group_used++];
        }
        out[i] =
            delta->type_bits == 32 ? (int32_t)(uint32_t)delta->value : (int64_t)delta->value;
    }
    delta->n_left -= n;
    return 0;
}

/* A feed over another one, whose place does not move. */
struct preview {
    struct feed feed;
    struct feed *under;
};

static int preview_more(struct feed *feed, size_t n, struct error *err)
{
    struct feed *under = ((struct preview *)feed)->under;
    const size_t passed = (size_t)(feed->at - under->at);
    const int rc = feed_try(under, passed + n, err);

    feed->at = passed > 0 ? under->at + passed : under->at; /* nothing is added to NULL */
    feed->end = under->end;
    return rc;
}

int delta_measure(struct feed *feed, unsigned type_bits, const char *what, uint64_t *n,
                  size_t *n_bytes, struct error *err)
{
    struct preview preview = { { feed->at, feed->end, preview_more }, feed };
    struct feed *ahead = &preview.feed;
    struct delta delta;

    if (delta_begin(&delta, ahead, type_bits, what, err) < 0)
        return -1;
    for (uint64_t left = delta.n_left; left > 1;) {
        if (begin_miniblock(&delta, ahead, err) < 0)
            return -1;
        const size_t size = (size_t)delta.mini_size / 8 * delta.width;
        if (feed_need(ahead, size, what, err) < 0)
            return -1;
        ahead->at += size;
        left = left - 1 > delta.mini_size ? left - delta.mini_size : 1;
    }
    *n = delta.n_left;
    *n_bytes = (size_t)(ahead->at - feed->at);
    return 0;
}
