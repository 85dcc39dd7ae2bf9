/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <lzma.h>

#include "base/io/inflate_private.h"

/* Besides the window, liblzma needs some memory for itself. */
enum { XZ_MEMORY_MAX = INFLATE_WINDOW_BYTES + (4 << 20) };

static bool matches_xz(const uint8_t *head, size_t n)
{
    static const uint8_t mark[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

    return n >= sizeof mark && memcmp(head, mark, sizeof mark) == 0;
}

/* One stream is decoded at a time, so that each start of a stream gets a mark. */
static int reset_xz(void *state, struct error *err)
{
    return lzma_stream_decoder(state, XZ_MEMORY_MAX, 0) == LZMA_OK ? 0 : error_nomem(err);
}

static void close_xz(void *state)
{
    if (state)
        lzma_end(state);
    free(state);
}

static int open_xz(void **state, struct error *err)
{
    static const lzma_stream initial = LZMA_STREAM_INIT;
    lzma_stream *xz = malloc(sizeof *xz);

    if (!xz)
        return error_nomem(err);
    *xz = initial;
    if (reset_xz(xz, err) < 0) {
        close_xz(xz);
        return -1;
    }
    *state = xz;
    return 0;
}

static const char *xz_reason(lzma_ret rc)
{
    if (rc == LZMA_FORMAT_ERROR)
        return "not xz data";
    if (rc == LZMA_OPTIONS_ERROR)
        return "it uses a filter that liblzma does not know";
    return "the data or its checksum is wrong";
}

/* Raise liblzma's limit to what it asks for, if that is allowed. */
static int allow_window(struct inflate *in, lzma_stream *xz, struct error *err)
{
    const uint64_t needed = lzma_memusage(xz);

    if (inflate_check_window(in, needed, "xz -dc", err) < 0)
        return -1;
    return lzma_memlimit_set(xz, needed) == LZMA_OK ? 0 : error_nomem(err);
}

static ssize_t step_xz(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    lzma_stream *xz = in->state;

    if (!in->in_member && inflate_find_member(in, err) < 0)
        return -1;
    if (!in->in_member) {
        *end = true;
        return 0;
    }
    if (inflate_fill(in, 1, err) < 0)
        return -1;
    const size_t held = in->len - in->pos;
    xz->next_in = in->block + in->pos;
    xz->avail_in = held;
    xz->next_out = out;
    xz->avail_out = n;
    const lzma_ret rc = lzma_code(xz, LZMA_RUN);
    in->pos += held - xz->avail_in;
    const ssize_t got = (ssize_t)(n - xz->avail_out);

    if (rc == LZMA_STREAM_END)
        in->in_member = false;
    else if (rc == LZMA_BUF_ERROR && held == 0 && got == 0)
        return inflate_raise_truncated(in, err);
    else if (rc == LZMA_MEMLIMIT_ERROR)
        in->failed = allow_window(in, xz, &in->failure) < 0;
    else if (rc == LZMA_MEM_ERROR)
        in->failed = error_nomem(&in->failure) < 0;
    else if (rc != LZMA_OK && rc != LZMA_BUF_ERROR)
        in->failed = inflate_raise_corrupt(in, xz_reason(rc), &in->failure) < 0;
    return got;
}

const struct inflate_codec inflate_xz = {
    .name = "xz",
    .starts_in_member = true,
    .matches = matches_xz,
    .open = open_xz,
    .close = close_xz,
    .reset = reset_xz,
    .step = step_xz,
};
