/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/io/inflate_private.h"

enum {
    MARK_BYTES = 4,
    ZSTD_BLOCK_HEADER = 3,
    ZSTD_HEADER_START = 5, /* bytes of a frame header that determine its length */
};

struct zstd_state {
    ZSTD_DStream *stream;
    size_t wants; /* input bytes that libzstd asks for next */
    bool holds;   /* libzstd may hold output of earlier input */
};

static bool matches_zstd(const uint8_t *head, size_t n)
{
    static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd };
    static const uint8_t skippable[] = { 0x2a, 0x4d, 0x18 }; /* after a byte 0x50 to 0x5f */

    return n >= MARK_BYTES &&
           (memcmp(head, frame, sizeof frame) == 0 ||
            ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, skippable, sizeof skippable) == 0));
}

static int open_zstd(void **state, struct error *err)
{
    struct zstd_state *zstd = calloc(1, sizeof *zstd);

    if (!zstd)
        return error_nomem(err);
    zstd->wants = ZSTD_HEADER_START;
    zstd->stream = ZSTD_createDStream(); /* rejects windows above 128 MiB */
    if (!zstd->stream) {
        free(zstd);
        return error_nomem(err);
    }
    *state = zstd;
    return 0;
}

static void close_zstd(void *state)
{
    struct zstd_state *zstd = state;

    if (zstd)
        ZSTD_freeDStream(zstd->stream);
    free(zstd);
}

static int reset_zstd(void *state, struct error *err)
{
    struct zstd_state *zstd = state;

    (void)err;
    ZSTD_DCtx_reset(zstd->stream, ZSTD_reset_session_only);
    zstd->wants = ZSTD_HEADER_START;
    zstd->holds = false;
    return 0;
}

static ssize_t step_zstd(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    struct zstd_state *zstd = in->state;

    if (inflate_fill(in, 1, err) < 0)
        return -1;
    if (in->pos == in->len && !in->in_member) {
        *end = true;
        return 0;
    }
    const bool has_no_input = in->pos == in->len;
    /* libzstd discards the output of a call if any input of that call is corrupt. So pass at
     * most one block, without the header of the next block, which libzstd asks for as well, and
     * no input while libzstd holds output. */
    const size_t head = zstd->wants > ZSTD_BLOCK_HEADER ? ZSTD_BLOCK_HEADER : 0;
    const size_t wants = zstd->holds ? 0 : zstd->wants - head;
    const size_t left = in->len - in->pos;
    const size_t len = in->pos + (wants < left ? wants : left);
    ZSTD_inBuffer from = { in->block, len, in->pos };
    ZSTD_outBuffer to = { out, n, 0 };
    const size_t rc = ZSTD_decompressStream(zstd->stream, &to, &from);

    in->pos = from.pos;
    if (ZSTD_isError(rc)) {
        if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
            error_nomem(&in->failure);
        else
            inflate_raise_corrupt(in, ZSTD_getErrorName(rc), &in->failure);
        in->failed = true;
        return (ssize_t)to.pos;
    }
    in->in_member = rc != 0;
    zstd->holds = rc != 0 && to.pos == n;
    zstd->wants = rc != 0 ? rc : ZSTD_HEADER_START;
    if (rc == 0)
        inflate_add_mark(in, in->n_returned + to.pos);
    if (has_no_input && to.pos == 0)
        return inflate_raise_truncated(in, err);
    return (ssize_t)to.pos;
}

const struct inflate_codec inflate_zstd = {
    .name = "zstd",
    .matches = matches_zstd,
    .open = open_zstd,
    .close = close_zstd,
    .reset = reset_zstd,
    .step = step_zstd,
};
