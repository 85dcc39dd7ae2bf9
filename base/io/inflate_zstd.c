/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/io/inflate_private.h"

enum {
    MARK_BYTES = 4,
    ZSTD_BLOCK_HEADER = 3,
    ZSTD_HEADER_START = 5, /* bytes of a frame header that determine its length */
    WINDOW_LOG_MAX = sizeof(size_t) == 8 ? 31 : 30, /* of libzstd */
};

struct zstd_state {
    ZSTD_DStream *stream;
    size_t wants; /* input bytes that libzstd asks for next */
    bool holds;   /* libzstd may hold output of earlier input */
};

static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd };

static bool matches_zstd(const uint8_t *head, size_t n)
{
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
    zstd->stream = ZSTD_createDStream();
    /* check_window() decides about windows, not libzstd. */
    if (!zstd->stream || ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax,
                                                             WINDOW_LOG_MAX))) {
        ZSTD_freeDStream(zstd->stream);
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

/* Check the window of the frame that begins here, before libzstd allocates it. RFC 8878,
 * section 3.1.1.1: a frame has a window descriptor, or its window is its content, in a single
 * segment. */
static int check_window(struct inflate *in, struct error *err)
{
    static const size_t dictionary_id_bytes[] = { 0, 1, 2, 4 };
    uint64_t window = 0;
    unsigned log = 0;
    char command[32];

    if (inflate_fill(in, ZSTD_HEADER_START + 1, err) < 0)
        return -1;
    const uint8_t *header = in->block + in->pos;
    if (in->len - in->pos <= ZSTD_HEADER_START || memcmp(header, frame, sizeof frame) != 0)
        return 0; /* skippable, truncated or no frame: left to libzstd */
    const unsigned descriptor = header[MARK_BYTES];
    if (descriptor & 0x20) {
        const size_t size_at = ZSTD_HEADER_START + dictionary_id_bytes[descriptor & 3];
        const size_t size_bytes = (size_t)1 << (descriptor >> 6);

        if (inflate_fill(in, size_at + size_bytes, err) < 0)
            return -1;
        for (size_t i = size_at; i < size_at + size_bytes && i < in->len - in->pos; i++)
            window |= (uint64_t)in->block[in->pos + i] << (8 * (i - size_at));
    } else {
        window = (uint64_t)1 << (10 + (header[ZSTD_HEADER_START] >> 3));
        window += window / 8 * (header[ZSTD_HEADER_START] & 7);
    }
    while (log < WINDOW_LOG_MAX && (uint64_t)1 << log < window)
        log++;
    if (window > (uint64_t)1 << WINDOW_LOG_MAX)
        return error_set(err, ERR_INPUT,
                         "%s: the zstd data at byte %" PRIu64 " needs a window of %" PRIu64
                         " MiB, and zstd has at most %u MiB: compress it with zstd --long=31 "
                         "or less",
                         in->name, inflate_position(in), window >> 20,
                         1U << (WINDOW_LOG_MAX - 20));
    snprintf(command, sizeof command, "zstd -dc --long=%u", log);
    return inflate_check_window(in, window, command, err);
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
    if (!in->in_member && !zstd->holds && check_window(in, err) < 0)
        return -1;
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
