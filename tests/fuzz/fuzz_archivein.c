/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/archivein.h"
#include "tests/support/open_bytes.h"

/* No more is read of an archive, which may be a decompression bomb. */
enum { OUT_MAX = 1 << 20, MEMBERS_MAX = 1000 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* Append the rest of the member in pieces of this size. Returns the result of the last read. */
static int read_pieces(struct archive_reader *reader, size_t piece, struct buf *out,
                       struct error *failure)
{
    char *bytes = malloc(piece);
    struct error err;
    ssize_t got = 1;

    if (!bytes)
        abort();
    while (got > 0 && out->len < OUT_MAX) {
        got = archive_reader_read(reader, bytes, piece, failure);
        require(got <= (ssize_t)piece, "a read returns no more bytes than there is room for");
        if (got > 0)
            require(buf_add(out, bytes, (size_t)got, &err) == 0, "memory is available");
    }
    free(bytes);
    return got < 0 ? -1 : 0;
}

/* Append names and texts of all members. */
static void read_archive(struct slice bytes, size_t piece, struct buf *out)
{
    struct archive_reader *reader = NULL;
    struct archive_member member;
    struct error failure, err;
    int rc = archive_reader_open_bytes(bytes.ptr, bytes.len, &reader, &failure);

    for (size_t n = 0; rc == 1 && n < MEMBERS_MAX && out->len < OUT_MAX; n++) {
        rc = archive_reader_next(reader, &member, &failure);
        if (rc != 1)
            break;
        require(buf_printf(out, &err, "%s|", member.name) == 0, "memory is available");
        if (!member.encrypted && !member.no_memory_limit &&
            read_pieces(reader, piece, out, &failure) < 0)
            rc = -1;
    }
    require(rc >= 0 || failure.code == ERR_INPUT, "malformed bytes are ERR_INPUT");
    archive_reader_close(reader);
}

/* The first byte chooses the size of the pieces, the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct buf small, large;

    if (len < 1)
        return 0;
    const struct slice bytes = slice_of((const char *)data + 1, len - 1);
    buf_init(&small, 4 * OUT_MAX);
    buf_init(&large, 4 * OUT_MAX);
    read_archive(bytes, 1 + (size_t)data[0] * 16, &small);
    read_archive(bytes, OUT_MAX, &large);
    const size_t least = small.len < large.len ? small.len : large.len;
    require(least == 0 || memcmp(small.data, large.data, least) == 0,
            "the size of the pieces does not change the result");
    require(least >= OUT_MAX || small.len == large.len,
            "the size of the pieces does not change the length of the result");
    buf_release(&small);
    buf_release(&large);
    return 0;
}
