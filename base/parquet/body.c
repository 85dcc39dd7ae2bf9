/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/body.h"

#include <inttypes.h>
#include <string.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/parquet/codec.h"
#include "base/parquet/input.h"

enum { SHORT_PAGE_BYTES = 2 << 20 };

/* Decompress at most n bytes. Returns their number, 0 if the page has no more, or -1. */
static ssize_t decompress_some(struct body *body, uint8_t *out, size_t n, struct error *err)
{
    struct input *input = body->input;
    struct codec_step step = { .out = out, .n_out = n };
    bool makes_progress = true;

    while (step.n_out == n && makes_progress) {
        if (body->compressed_left > 0 && input_need(input, 1, err) < 0)
            return -1;
        const size_t held = input_held(input);
        const size_t n_in = held < body->compressed_left ? held : (size_t)body->compressed_left;

        step.in = n_in > 0 ? input_at(input) : (const uint8_t *)"";
        step.n_in = n_in;
        if (body->codec->step(body->state, &step, err) < 0)
            return -1;
        input_skip(input, n_in - step.n_in);
        body->compressed_left -= n_in - step.n_in;
        makes_progress = step.n_in < n_in;
    }
    return (ssize_t)(n - step.n_out);
}

/* All bytes came. The codec must be at the end of its data, too: it has checksums there. */
static int check_end(struct body *body, struct error *err)
{
    uint8_t more;

    if (!body->codec)
        return 0;
    const ssize_t got = decompress_some(body, &more, sizeof more, err);
    if (got < 0)
        return -1;
    if (got > 0 || body->compressed_left > 0)
        return error_set(err, ERR_INPUT, "the %s data is longer than the page says",
                         body->codec->name);
    if (!body->codec->is_complete(body->state))
        return error_set(err, ERR_INPUT, "the %s data is truncated", body->codec->name);
    return 0;
}

static ssize_t read_some(struct body *body, uint8_t *out, size_t n, struct error *err)
{
    if (body->codec)
        return decompress_some(body, out, n, err);
    const size_t part = n < body->compressed_left ? n : (size_t)body->compressed_left;
    if (input_read(body->input, out, part, err) < 0)
        return -1;
    body->compressed_left -= part;
    return (ssize_t)part;
}

/* The block grows with what really comes: at most to twice the bytes that it has. */
static int grow(struct body *body, size_t held, size_t n, struct error *err)
{
    const uint64_t most = held + body->decompressed_left;
    size_t room = held < body->window_bytes ? body->window_bytes : 2 * held;

    if (room > n && n > body->window_bytes)
        room = n;
    if (room > most)
        room = (size_t)most;
    return block_grow(&body->block, room, body->budget, body->what, err);
}

static int body_more(struct feed *feed, size_t n, struct error *err)
{
    struct body *body = (struct body *)feed;
    size_t held = feed_left(feed);

    if (held > 0 && feed->at != body->block.data)
        memmove(body->block.data, feed->at, held);
    if (held > 0) {
        feed->at = body->block.data;
        feed->end = feed->at + held;
    }
    while (body->decompressed_left > 0 && (held < n || held < body->block.cap)) {
        if (held == body->block.cap && grow(body, held, n, err) < 0)
            return -1;
        const size_t room = body->block.cap - held;
        const ssize_t got = read_some(
            body, body->block.data + held,
            room < body->decompressed_left ? room : (size_t)body->decompressed_left, err);
        if (got == 0)
            error_set(err, ERR_INPUT,
                      "the compressed data ends %" PRIu64 " bytes before the length that the "
                      "page says",
                      body->decompressed_left);
        if (got <= 0)
            return -1;
        held += (size_t)got;
        body->decompressed_left -= (size_t)got;
        feed->at = body->block.data;
        feed->end = feed->at + held;
        if (body->decompressed_left == 0)
            return check_end(body, err);
    }
    return 0;
}

/* Have all bytes of the page at hand: in the input if they are not compressed, else in the
 * block. */
static int begin_whole(struct body *body, uint64_t n, struct error *err)
{
    const size_t n_in = (size_t)body->compressed_left;
    struct feed *feed = &body->feed;

    if (input_need(body->input, n_in, err) < 0)
        return -1;
    if (!body->codec) {
        *feed = feed_of(input_at(body->input), (size_t)n);
    } else {
        if (block_grow(&body->block, (size_t)n, body->budget, body->what, err) < 0 ||
            (n > 0 && body->codec->decompress(body->state, input_at(body->input), n_in,
                                              body->block.data, (size_t)n, err) < 0))
            return -1;
        *feed = feed_of(body->block.data, (size_t)n);
    }
    input_skip(body->input, n_in);
    if (body->codec)
        input_shrink(body->input);
    body->compressed_left = 0;
    body->decompressed_left = 0;
    body->is_whole = true;
    return 0;
}

int body_begin(struct body *body, const struct codec *codec, uint64_t n_compressed, uint64_t n,
               bool own_block, struct error *err)
{
    const bool is_short = n_compressed <= SHORT_PAGE_BYTES && n <= SHORT_PAGE_BYTES;

    if (!codec && n != n_compressed)
        return error_set(err, ERR_INPUT,
                         "it has %" PRIu64 " bytes and no compression, but says %" PRIu64,
                         n_compressed, n);
    if (codec && codec->max_ratio > 0 && n / codec->max_ratio > n_compressed)
        return error_set(err, ERR_INPUT,
                         "it has %" PRIu64 " bytes of %s data, which cannot be %" PRIu64
                         " bytes",
                         n_compressed, codec->name, n);
    body->codec = codec;
    body->compressed_left = n_compressed;
    body->decompressed_left = n;
    body->is_whole = false;
    body->feed = (struct feed){ .more = body_more };
    /* A block that grew for a long page is not kept. */
    if (body->block.cap > SHORT_PAGE_BYTES)
        block_release(&body->block, body->budget);
    const bool is_whole = codec ? is_short || !codec->step : is_short && !own_block;
    if (!is_short && (is_whole || own_block) &&
        budget_check(body->budget, n + (is_whole ? n_compressed : 0),
                     own_block ? body->what : "a page that must be decompressed as a whole",
                     err) < 0)
        return -1;
    if (is_whole)
        return begin_whole(body, n, err);
    return codec ? codec->begin(body->state, (size_t)n, err) : 0;
}

void body_end(struct body *body)
{
    input_skip(body->input, body->compressed_left);
    body->compressed_left = 0;
    body->decompressed_left = 0;
}

void body_release(struct body *body)
{
    if (body->budget)
        block_release(&body->block, body->budget);
}
