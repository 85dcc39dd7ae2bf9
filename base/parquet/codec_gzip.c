/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <zlib.h>

#include "base/error.h"
#include "base/parquet/codec.h"

enum { GZIP_OR_ZLIB = 15 + 32 }; /* largest window; the header says which of the two it is */

struct gzip_state {
    z_stream z;
    bool at_member_end;
};

static int gzip_open(struct budget *budget, void **state, struct error *err)
{
    struct gzip_state *gzip = calloc(1, sizeof *gzip);

    (void)budget;
    if (!gzip)
        return error_nomem(err);
    if (inflateInit2(&gzip->z, GZIP_OR_ZLIB) != Z_OK) {
        free(gzip);
        return error_nomem(err);
    }
    *state = gzip;
    return 0;
}

static void gzip_close(void *state)
{
    struct gzip_state *gzip = state;

    if (gzip)
        inflateEnd(&gzip->z);
    free(gzip);
}

static int gzip_begin(void *state, size_t n_out, struct error *err)
{
    struct gzip_state *gzip = state;

    (void)n_out;
    (void)err;
    inflateReset(&gzip->z);
    gzip->at_member_end = false;
    return 0;
}

/* A page may have several members. Lengths of pages are at most INT32_MAX, so they fit. */
static int gzip_step(void *state, struct codec_step *step, struct error *err)
{
    struct gzip_state *gzip = state;
    z_stream *z = &gzip->z;

    if (gzip->at_member_end && step->n_in > 0) {
        inflateReset(z);
        gzip->at_member_end = false;
    }
    z->next_in = (Bytef *)step->in;
    z->avail_in = (uInt)step->n_in;
    z->next_out = step->out;
    z->avail_out = (uInt)step->n_out;
    const int rc = inflate(z, Z_NO_FLUSH);
    step->in = z->next_in;
    step->n_in = z->avail_in;
    step->out = z->next_out;
    step->n_out = z->avail_out;
    gzip->at_member_end = rc == Z_STREAM_END;
    if (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR)
        return 0;
    if (rc == Z_MEM_ERROR)
        return error_nomem(err);
    return error_set(err, ERR_INPUT, "the gzip data is corrupt: %s",
                     z->msg ? z->msg : "it needs a dictionary");
}

static bool gzip_is_complete(const void *state)
{
    return ((const struct gzip_state *)state)->at_member_end;
}

static int gzip_decompress(void *state, const uint8_t *in, size_t n_in, uint8_t *out,
                           size_t n_out, struct error *err)
{
    struct gzip_state *gzip = state;
    struct codec_step step = { in, n_in, out, n_out };

    gzip_begin(state, n_out, err);
    while (step.n_in > 0 || !gzip->at_member_end) {
        const size_t before = step.n_in + step.n_out;

        if (gzip_step(state, &step, err) < 0)
            return -1;
        if (step.n_in + step.n_out == before && !gzip->at_member_end)
            break;
    }
    if (step.n_out > 0 || step.n_in > 0 || !gzip->at_member_end)
        return error_set(
            err, ERR_INPUT,
            "the gzip data is truncated, or has another length than the page says");
    return 0;
}

uint32_t codec_crc32(uint32_t crc, const uint8_t *bytes, size_t n)
{
    return (uint32_t)crc32_z(crc, bytes, n);
}

const struct codec codec_gzip = {
    .name = "gzip",
    .max_ratio = 1032, /* of deflate: a match of 258 bytes needs 2 bits */
    .decompress = gzip_decompress,
    .open = gzip_open,
    .close = gzip_close,
    .begin = gzip_begin,
    .step = gzip_step,
    .is_complete = gzip_is_complete,
};
