/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <bzlib.h>

#include "base/io/inflate_private.h"

/* A stream is "BZh", the size of its blocks, and the mark of a block or of the end. */
static bool matches_bzip2(const uint8_t *head, size_t n)
{
    static const uint8_t block[] = { 0x31, 0x41, 0x59, 0x26, 0x53, 0x59 };
    static const uint8_t end[] = { 0x17, 0x72, 0x45, 0x38, 0x50, 0x90 };

    return n >= 4 + sizeof block && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' &&
           head[3] <= '9' &&
           (memcmp(head + 4, block, sizeof block) == 0 ||
            memcmp(head + 4, end, sizeof end) == 0);
}

static int open_bzip2(void **state, struct error *err)
{
    bz_stream *bzip2 = calloc(1, sizeof *bzip2);

    if (!bzip2)
        return error_nomem(err);
    if (BZ2_bzDecompressInit(bzip2, 0, 0) != BZ_OK) {
        free(bzip2);
        return error_nomem(err);
    }
    *state = bzip2;
    return 0;
}

static void close_bzip2(void *state)
{
    if (state)
        BZ2_bzDecompressEnd(state);
    free(state);
}

/* libbz2 has no reset. */
static int reset_bzip2(void *state, struct error *err)
{
    bz_stream *bzip2 = state;

    BZ2_bzDecompressEnd(bzip2); /* fails without harm when a reset failed before */
    *bzip2 = (bz_stream){ .state = NULL };
    return BZ2_bzDecompressInit(bzip2, 0, 0) == BZ_OK ? 0 : error_nomem(err);
}

static ssize_t step_bzip2(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    const unsigned room = n < INFLATE_BLOCK_BYTES ? (unsigned)n : INFLATE_BLOCK_BYTES;
    bz_stream *bzip2 = in->state;

    if (!in->in_member && inflate_find_member(in, err) < 0)
        return -1;
    if (!in->in_member) {
        *end = true;
        return 0;
    }
    if (inflate_fill(in, 1, err) < 0)
        return -1;
    const size_t held = in->len - in->pos;
    bzip2->next_in = (char *)in->block + in->pos;
    bzip2->avail_in = (unsigned)held;
    bzip2->next_out = out;
    bzip2->avail_out = room;
    const int rc = BZ2_bzDecompress(bzip2);
    in->pos += held - bzip2->avail_in;
    const ssize_t got = (ssize_t)(room - bzip2->avail_out);

    if (rc == BZ_STREAM_END)
        in->in_member = false;
    else if (rc == BZ_OK && held == 0 && got == 0)
        return inflate_raise_truncated(in, err);
    else if (rc == BZ_MEM_ERROR)
        in->failed = error_nomem(&in->failure) < 0;
    else if (rc == BZ_DATA_ERROR_MAGIC)
        in->failed = inflate_raise_corrupt(in, "not bzip2 data", &in->failure) < 0;
    else if (rc != BZ_OK)
        in->failed =
            inflate_raise_corrupt(in, "the data or its checksum is wrong", &in->failure) < 0;
    return got;
}

const struct inflate_codec inflate_bzip2 = {
    .name = "bzip2",
    .starts_in_member = true,
    .matches = matches_bzip2,
    .open = open_bzip2,
    .close = close_bzip2,
    .reset = reset_bzip2,
    .step = step_bzip2,
};
