/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <zstd.h>

#include "base/error.h"
#include "base/parquet/budget.h"
#include "base/parquet/codec.h"

enum { WINDOW_LOG_COMMON = 23 /* 8 MiB */, WINDOW_LOG_MAX = 27 /* 128 MiB */ };

struct zstd_state {
    ZSTD_DCtx *context;
    struct budget *budget;
    size_t n_counted; /* bytes of the context that are counted */
    bool at_frame_end;
};

static int zstd_open(struct budget *budget, void **state, struct error *err)
{
    struct zstd_state *zstd = calloc(1, sizeof *zstd);

    if (!zstd)
        return error_nomem(err);
    zstd->budget = budget;
    zstd->context = ZSTD_createDCtx();
    if (!zstd->context) {
        free(zstd);
        return error_nomem(err);
    }
    *state = zstd;
    return 0;
}

static void zstd_close(void *state)
{
    struct zstd_state *zstd = state;

    if (!zstd)
        return;
    budget_give(zstd->budget, zstd->n_counted);
    ZSTD_freeDCtx(zstd->context);
    free(zstd);
}

static int raise_corrupt(size_t rc, struct error *err)
{
    return error_set(err, ERR_INPUT, "the zstd data is corrupt: %s", ZSTD_getErrorName(rc));
}

static int zstd_decompress(void *state, const uint8_t *in, size_t n_in, uint8_t *out,
                           size_t n_out, struct error *err)
{
    struct zstd_state *zstd = state;
    const size_t rc = ZSTD_decompressDCtx(zstd->context, out, n_out, in, n_in);

    if (ZSTD_isError(rc))
        return raise_corrupt(rc, err);
    if (rc != n_out)
        return error_set(err, ERR_INPUT, "the zstd data is shorter than the page says");
    return 0;
}

/* The largest window that a frame of a page of n bytes may ask for: a frame needs none beyond
 * its content, but a compressor that did not know the length asks for what its level has. */
static int window_log(size_t n)
{
    int log = WINDOW_LOG_COMMON;

    while (log < WINDOW_LOG_MAX && (size_t)1 << log < n)
        log++;
    return log;
}

static int zstd_begin(void *state, size_t n_out, struct error *err)
{
    struct zstd_state *zstd = state;

    zstd->at_frame_end = false;
    ZSTD_DCtx_reset(zstd->context, ZSTD_reset_session_only);
    const size_t rc =
        ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, window_log(n_out));
    return ZSTD_isError(rc) ? raise_corrupt(rc, err) : 0;
}

/* libzstd allocates the window when it has read the header of a frame. */
static int count_window(struct zstd_state *zstd, struct error *err)
{
    const size_t size = ZSTD_sizeof_DCtx(zstd->context);

    if (size <= zstd->n_counted)
        return 0;
    if (budget_take(zstd->budget, size - zstd->n_counted, "the window of the zstd data", err) <
        0)
        return -1;
    zstd->n_counted = size;
    return 0;
}

static int zstd_step(void *state, struct codec_step *step, struct error *err)
{
    struct zstd_state *zstd = state;
    ZSTD_inBuffer in = { step->in, step->n_in, 0 };
    ZSTD_outBuffer out = { step->out, step->n_out, 0 };
    const size_t rc = ZSTD_decompressStream(zstd->context, &out, &in);

    if (ZSTD_isError(rc))
        return raise_corrupt(rc, err);
    step->in += in.pos;
    step->n_in -= in.pos;
    step->out += out.pos;
    step->n_out -= out.pos;
    if (in.pos > 0 || out.pos > 0) /* else rc is of a frame that does not follow */
        zstd->at_frame_end = rc == 0;
    return count_window(zstd, err);
}

static bool zstd_is_complete(const void *state)
{
    return ((const struct zstd_state *)state)->at_frame_end;
}

const struct codec codec_zstd = {
    .name = "zstd",
    .decompress = zstd_decompress,
    .open = zstd_open,
    .close = zstd_close,
    .begin = zstd_begin,
    .step = zstd_step,
    .is_complete = zstd_is_complete,
};
