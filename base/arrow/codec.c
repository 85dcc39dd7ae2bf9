/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/codec.h"

#include <stdlib.h>

#include <lz4frame.h>
#include <zstd.h>

#include "base/error.h"

enum {
    LZ4_RATIO = 256,       /* a byte of a match length is 255 bytes at most */
    ZSTD_RATIO = 1 << 16,  /* a block of 128 KiB is 4 bytes at least; twice that for safety */
    FRAME_BYTES = 1 << 16, /* what the smallest frames may hold beyond the ratio */
    WINDOW_LOG_MIN = 23,   /* 8 MiB: all levels of zstd up to 19 */
    WINDOW_LOG_MAX = 27,
};

struct arrow_codec {
    enum arrow_compression compression;
    int window_log;
    LZ4F_dctx *lz4;
    ZSTD_DStream *zstd;
};

int arrow_codec_new(uint64_t max_bytes, struct arrow_codec **out, struct error *err)
{
    struct arrow_codec *codec = calloc(1, sizeof *codec);

    if (!codec)
        return error_nomem(err);
    codec->window_log = WINDOW_LOG_MIN;
    while (codec->window_log < WINDOW_LOG_MAX &&
           (max_bytes == 0 || UINT64_C(2) << codec->window_log <= max_bytes))
        codec->window_log++;
    *out = codec;
    return 0;
}

void arrow_codec_free(struct arrow_codec *codec)
{
    if (!codec)
        return;
    LZ4F_freeDecompressionContext(codec->lz4);
    ZSTD_freeDStream(codec->zstd);
    free(codec);
}

int arrow_codec_begin(struct arrow_codec *codec, enum arrow_compression compression,
                      struct error *err)
{
    codec->compression = compression;
    if (compression == ARROW_LZ4) {
        if (codec->lz4)
            LZ4F_resetDecompressionContext(codec->lz4);
        else if (LZ4F_isError(LZ4F_createDecompressionContext(&codec->lz4, LZ4F_VERSION)))
            return error_nomem(err);
        return 0;
    }
    if (!codec->zstd)
        codec->zstd = ZSTD_createDStream();
    if (!codec->zstd)
        return error_nomem(err);
    ZSTD_DCtx_reset(codec->zstd, ZSTD_reset_session_only);
    if (ZSTD_isError(
            ZSTD_DCtx_setParameter(codec->zstd, ZSTD_d_windowLogMax, codec->window_log)))
        return error_nomem(err);
    return 0;
}

static int step_lz4_frame(struct arrow_codec *codec, struct slice *in, void *out, size_t *n_out,
                          bool *done, struct error *err)
{
    size_t n_in = in->len;
    const size_t rc = LZ4F_decompress(codec->lz4, out, n_out, in->ptr, &n_in, NULL);

    if (LZ4F_isError(rc))
        return error_set(err, ERR_INPUT, "LZ4: %s", LZ4F_getErrorName(rc));
    if (n_in > 0)
        *in = slice_of(in->ptr + n_in, in->len - n_in);
    *done = rc == 0;
    return 0;
}

static int step_zstd_frame(struct arrow_codec *codec, struct slice *in, void *out,
                           size_t *n_out, bool *done, struct error *err)
{
    ZSTD_inBuffer from = { in->ptr, in->len, 0 };
    ZSTD_outBuffer to = { out, *n_out, 0 };
    const size_t rc = ZSTD_decompressStream(codec->zstd, &to, &from);

    if (ZSTD_isError(rc))
        return error_set(err, ERR_INPUT, "zstd: %s", ZSTD_getErrorName(rc));
    if (from.pos > 0)
        *in = slice_of(in->ptr + from.pos, in->len - from.pos);
    *n_out = to.pos;
    *done = rc == 0;
    return 0;
}

int arrow_codec_step(struct arrow_codec *codec, struct slice *in, void *out, size_t *n_out,
                     bool *done, struct error *err)
{
    return codec->compression == ARROW_LZ4 ? step_lz4_frame(codec, in, out, n_out, done, err)
                                           : step_zstd_frame(codec, in, out, n_out, done, err);
}

uint64_t arrow_codec_most(enum arrow_compression compression, uint64_t n)
{
    const uint64_t ratio = compression == ARROW_LZ4 ? LZ4_RATIO : ZSTD_RATIO;

    if (compression == ARROW_UNCOMPRESSED)
        return n;
    return n > (UINT64_MAX - FRAME_BYTES) / ratio ? UINT64_MAX : n * ratio + FRAME_BYTES;
}
