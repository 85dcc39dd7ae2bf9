/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { HEAD_BYTES = 4, BLOCK_BYTES = 64 * 1024, NO_HALF = 0 };

enum encoding { BYTES, UTF16LE, UTF16BE, UTF32LE, UTF32BE };

struct stream {
    struct inflate *in;
    bool transcode;
    bool started; /* the encoding is known */
    enum encoding encoding;

    /* Bytes that were read but not returned; if converting, the start of a unit. */
    uint8_t held[HEAD_BYTES];
    size_t n_held;
    uint32_t half; /* first half of a surrogate pair, or NO_HALF */
    bool at_end;
    uint8_t *ahead; /* after a resume: ahead[ahead_at..ahead_len) is returned first */
    size_t ahead_at;
    size_t ahead_len;
    uint8_t block[BLOCK_BYTES];
};

int stream_open(const char *path, bool transcode, struct stream **out, struct error *err)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return error_nomem(err);
    stream->transcode = transcode;
    if (inflate_open(path, &stream->in, err) < 0) {
        stream_close(stream);
        return -1;
    }
    *out = stream;
    return 0;
}

int stream_open_source(const struct inflate_source *source, const char *name, bool transcode,
                       struct stream **out, struct error *err)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return error_nomem(err);
    stream->transcode = transcode;
    if (inflate_open_source(source, name, &stream->in, err) < 0) {
        stream_close(stream);
        return -1;
    }
    *out = stream;
    return 0;
}

void stream_close(struct stream *stream)
{
    if (!stream)
        return;
    inflate_close(stream->in);
    free(stream->ahead);
    free(stream);
}

void stream_limit_memory(struct stream *stream, uint64_t max_bytes)
{
    inflate_limit_memory(stream->in, max_bytes);
}

const char *stream_encoding(const struct stream *stream)
{
    static const char *const names[] = { [BYTES] = NULL,
                                         [UTF16LE] = "UTF-16LE",
                                         [UTF16BE] = "UTF-16BE",
                                         [UTF32LE] = "UTF-32LE",
                                         [UTF32BE] = "UTF-32BE" };

    return names[stream->encoding];
}

const struct inflate *stream_inflate(const struct stream *stream)
{
    return stream->in;
}

/* Longer marks first, because the mark of UTF-32LE starts with that of UTF-16LE. */
static enum encoding detect_encoding(const uint8_t *head, size_t n)
{
    static const struct {
        enum encoding encoding;
        size_t len;
        const char *mark;
    } marks[] = {
        { UTF32LE, 4, "\xff\xfe\0\0" },
        { UTF32BE, 4, "\0\0\xfe\xff" },
        { UTF16LE, 2, "\xff\xfe" },
        { UTF16BE, 2, "\xfe\xff" },
    };

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (n >= marks[i].len && memcmp(head, marks[i].mark, marks[i].len) == 0)
            return marks[i].encoding;
    return BYTES;
}

static int start_stream(struct stream *stream, struct error *err)
{
    ssize_t got = 1;

    while (stream->n_held < HEAD_BYTES && got > 0) {
        got = inflate_read(stream->in, stream->held + stream->n_held,
                           HEAD_BYTES - stream->n_held, err);
        if (got < 0 && stream->n_held == 0)
            return -1;
        stream->n_held += got > 0 ? (size_t)got : 0;
    }
    stream->started = true;
    if (stream->transcode)
        stream->encoding = detect_encoding(stream->held, stream->n_held);
    return 0;
}

/* Write a code point as UTF-8, an invalid one as bytes that are not UTF-8. Returns the length.
 */
static size_t put_code(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) { /* also half of a pair: its bytes are not valid UTF-8 */
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    if (code > 0x10ffff) {
        out[0] = 0xff;
        return 1;
    }
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

/* Write a unit of UTF-16, which may be half of a character. Writes at most 6 bytes. */
static size_t put_utf16_unit(struct stream *stream, uint8_t *out, uint32_t unit)
{
    const uint32_t half = stream->half;
    size_t n = 0;

    stream->half = NO_HALF;
    if (half != NO_HALF && unit >= 0xdc00 && unit < 0xe000)
        return put_code(out, 0x10000 + ((half - 0xd800) << 10) + (unit - 0xdc00));
    if (half != NO_HALF)
        n = put_code(out, half);
    if (unit >= 0xd800 && unit < 0xdc00)
        stream->half = unit;
    else
        n += put_code(out + n, unit);
    return n;
}

static size_t unit_bytes(const struct stream *stream)
{
    return stream->encoding == UTF16LE || stream->encoding == UTF16BE ? 2 : 4;
}

static uint32_t unit_at(const struct stream *stream, const uint8_t *p)
{
    switch (stream->encoding) {
    case UTF16LE:
        return (uint32_t)(p[0] | p[1] << 8);
    case UTF16BE:
        return (uint32_t)(p[0] << 8 | p[1]);
    case UTF32LE:
        return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    case UTF32BE:
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    case BYTES:
        break;
    }
    return p[0];
}

/* Convert the whole units in block[0..n), and hold the rest. */
static size_t convert_units(struct stream *stream, size_t n, uint8_t *out)
{
    const size_t unit = unit_bytes(stream);
    size_t len = 0;
    size_t i = 0;

    for (; n - i >= unit; i += unit) {
        const uint32_t value = unit_at(stream, stream->block + i);

        len +=
            unit == 2 ? put_utf16_unit(stream, out + len, value) : put_code(out + len, value);
    }
    stream->n_held = n - i;
    memcpy(stream->held, stream->block + i, stream->n_held);
    return len;
}

/* At the end, write half a pair and an incomplete unit as bytes that are not UTF-8. */
static size_t put_incomplete(struct stream *stream, uint8_t *out)
{
    size_t n = 0;

    if (stream->half != NO_HALF)
        n = put_code(out, stream->half);
    if (stream->n_held > 0)
        out[n++] = 0xff;
    stream->half = NO_HALF;
    stream->n_held = 0;
    return n;
}

static ssize_t read_converted(struct stream *stream, uint8_t *out, size_t n, struct error *err)
{
    /* A unit of two bytes and a half before it give at most six bytes. */
    size_t max_bytes = n / 3 - 2;
    size_t len = 0;

    max_bytes = max_bytes < BLOCK_BYTES - HEAD_BYTES ? max_bytes : BLOCK_BYTES - HEAD_BYTES;
    while (len == 0 && !stream->at_end) {
        const size_t held = stream->n_held;

        memcpy(stream->block, stream->held, held);
        /* The first call has whole units already; use them before a read that may fail. */
        const ssize_t got =
            held >= unit_bytes(stream)
                ? 0
                : inflate_read(stream->in, stream->block + held, max_bytes, err);
        if (got < 0)
            return -1;
        stream->at_end = got == 0 && held < unit_bytes(stream);
        len = stream->at_end ? put_incomplete(stream, out)
                             : convert_units(stream, held + (size_t)got, out);
    }
    return (ssize_t)len;
}

ssize_t stream_read(struct stream *stream, void *out, size_t n, struct error *err)
{
    if (!stream->started && start_stream(stream, err) < 0)
        return -1;
    if (stream->ahead_at < stream->ahead_len) {
        const size_t left = stream->ahead_len - stream->ahead_at;
        const size_t n_copied = n < left ? n : left;

        memcpy(out, stream->ahead + stream->ahead_at, n_copied);
        stream->ahead_at += n_copied;
        return (ssize_t)n_copied;
    }
    if (stream->encoding != BYTES)
        return read_converted(stream, out, n, err);
    if (stream->n_held == 0)
        return inflate_read(stream->in, out, n, err);
    const size_t held = stream->n_held;
    memcpy(out, stream->held, held);
    stream->n_held = 0;
    return (ssize_t)held;
}

struct inflate_mark stream_mark(struct stream *stream, uint64_t offset)
{
    if (stream->encoding != BYTES)
        return (struct inflate_mark){ 0, 0 };
    return inflate_mark(stream->in, offset);
}

/* Convert n bytes and discard them. Bytes after them go to `ahead`. */
static int skip_converted(struct stream *stream, uint64_t n, struct error *err)
{
    stream->ahead = malloc(BLOCK_BYTES);
    if (!stream->ahead)
        return error_nomem(err);
    while (n > 0) {
        const ssize_t got = read_converted(stream, stream->ahead, BLOCK_BYTES, err);

        if (got < 0)
            return -1;
        if (got == 0)
            return error_set(err, ERR_INPUT,
                             "cannot resume: the file ends before the stored position");
        if ((uint64_t)got > n) {
            stream->ahead_at = (size_t)n;
            stream->ahead_len = (size_t)got;
        }
        n -= (uint64_t)got < n ? (uint64_t)got : n;
    }
    return 0;
}

int stream_resume(struct stream *stream, const struct inflate_mark *mark, uint64_t offset,
                  struct error *err)
{
    if (!stream->started && start_stream(stream, err) < 0)
        return -1;
    if (stream->encoding != BYTES)
        return skip_converted(stream, offset, err);
    stream->n_held = 0;
    return inflate_resume(stream->in, mark, offset, err);
}
