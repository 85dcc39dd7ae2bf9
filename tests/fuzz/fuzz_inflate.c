/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/inflate.h"
#include "tests/support/open_bytes.h"

/* Read no more than this: a decompression bomb would take too long. */
enum { STREAM_MAX = 1 << 20 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* The results of one reading. */
struct reading {
    struct buf stream;
    bool failed;
    struct error err;
    struct inflate_mark mark; /* for the byte at `half`, if the stream is that long */
};

/* Read to the end in pieces of this size. */
static void read_pieces(struct inflate *in, size_t piece, struct reading *out)
{
    char *bytes =
        malloc(piece); /* allocated to size, so that the sanitizer sees writes past the end */
    struct error err;
    ssize_t got = 1;

    if (!bytes)
        abort();
    while (got > 0 && out->stream.len < STREAM_MAX) {
        got = inflate_read(in, bytes, piece, &out->err);
        require(got <= (ssize_t)piece, "a read returns no more than it was asked for");
        if (got > 0)
            require(buf_add(&out->stream, bytes, (size_t)got, &err) == 0, "memory suffices");
    }
    out->failed = got < 0;
    require(!out->failed || out->err.code == ERR_INPUT, "bad bytes are bad input");
    free(bytes);
}

static void read_all(struct slice bytes, size_t piece, size_t half, struct reading *out)
{
    struct inflate *in = NULL;
    struct error err;

    buf_init(&out->stream, 2 * STREAM_MAX + piece);
    require(inflate_open_bytes(bytes.ptr, bytes.len, &in, &err) == 0, "memory suffices");
    read_pieces(in, piece, out);
    require(inflate_position(in) <= bytes.len, "a position is within the file");
    out->mark = inflate_mark(in, half < out->stream.len ? half : 0);
    inflate_close(in);
}

/* Reading resumed in the middle gives the same bytes as reading from the beginning. */
static void check_resumed(struct slice bytes, size_t piece, size_t half,
                          const struct reading *whole)
{
    struct reading rest = { .failed = false };
    struct inflate *in = NULL;
    struct error err;

    if (half >= whole->stream.len)
        return;
    buf_init(&rest.stream, 2 * STREAM_MAX + piece);
    require(whole->mark.stream_offset <= half, "a mark is not after the place it is for");
    require(inflate_open_bytes(bytes.ptr, bytes.len, &in, &err) == 0, "memory suffices");
    require(inflate_resume(in, &whole->mark, half, &err) == 0, "a mark can be resumed from");
    read_pieces(in, piece, &rest);
    require(inflate_position(in) <= bytes.len, "a position is within the file");
    const size_t n = whole->stream.len - half;
    const size_t least = rest.stream.len < n ? rest.stream.len : n;
    require(memcmp(rest.stream.data, whole->stream.data + half, least) == 0,
            "a resumed stream goes on as it was");
    require(rest.stream.len >= n || whole->stream.len >= STREAM_MAX,
            "a resumed stream ends where it did");
    buf_release(&rest.stream);
    inflate_close(in);
}

/* The first two bytes choose the size of the pieces and the place to resume at. The rest is the
 * file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct reading small = { .failed = false }, large = { .failed = false };

    if (len < 2)
        return 0;
    const struct slice bytes = slice_of((const char *)data + 2, len - 2);
    const size_t piece = 1 + (size_t)data[0] * 16;
    const size_t half = (size_t)data[1] * data[1];
    read_all(bytes, piece, half, &small);
    read_all(bytes, STREAM_MAX, half, &large);
    const size_t least =
        small.stream.len < large.stream.len ? small.stream.len : large.stream.len;
    require(least == 0 || memcmp(small.stream.data, large.stream.data, least) == 0,
            "the size of the pieces does not matter");
    require(least >= STREAM_MAX ||
                (small.stream.len == large.stream.len && small.failed == large.failed),
            "the size of the pieces does not matter to the end");
    check_resumed(bytes, piece, half, &small);
    buf_release(&small.stream);
    buf_release(&large.stream);
    return 0;
}
