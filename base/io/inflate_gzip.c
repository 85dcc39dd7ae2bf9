/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/io/inflate_private.h"

enum { GZIP_ONLY = 15 + 16 }; /* largest window; the data has a gzip header */

static bool matches_gzip(const uint8_t *head, size_t n)
{
    return n >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

static int open_gzip(void **state, struct error *err)
{
    z_stream *z = calloc(1, sizeof *z);

    if (!z)
        return error_nomem(err);
    if (inflateInit2(z, GZIP_ONLY) != Z_OK) {
        free(z);
        return error_nomem(err);
    }
    *state = z;
    return 0;
}

static void close_gzip(void *state)
{
    if (state)
        inflateEnd(state);
    free(state);
}

static int reset_gzip(void *state, struct error *err)
{
    (void)err;
    inflateReset(state);
    return 0;
}

static ssize_t step_gzip(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    const uInt room = n < INFLATE_BLOCK_BYTES ? (uInt)n : INFLATE_BLOCK_BYTES;
    z_stream *z = in->state;

    if (!in->in_member && inflate_find_member(in, err) < 0)
        return -1;
    if (!in->in_member) {
        *end = true;
        return 0;
    }
    if (inflate_fill(in, 1, err) < 0)
        return -1;
    const size_t held = in->len - in->pos;
    z->next_in = in->block + in->pos;
    z->avail_in = (uInt)held;
    z->next_out = out;
    z->avail_out = room;
    const int rc = inflate(z, Z_NO_FLUSH);
    in->pos = (size_t)(z->next_in - in->block);
    const ssize_t got = (ssize_t)(room - z->avail_out);

    if (rc == Z_STREAM_END)
        in->in_member = false;
    else if (rc == Z_MEM_ERROR)
        return error_nomem(err);
    else if (got == 0 && rc == Z_BUF_ERROR && held == 0)
        return inflate_raise_truncated(in, err);
    else if (got == 0 && rc != Z_OK && rc != Z_BUF_ERROR)
        return inflate_raise_corrupt(in, z->msg ? z->msg : "not gzip data", err);
    return got;
}

const struct inflate_codec inflate_gzip = {
    .name = "gzip",
    .starts_in_member = true,
    .matches = matches_gzip,
    .open = open_gzip,
    .close = close_gzip,
    .reset = reset_gzip,
    .step = step_gzip,
};
