/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <brotli/decode.h>

#include "base/error.h"
#include "base/parquet/budget.h"
#include "base/parquet/codec.h"

enum { SIZE_BYTES = 16 /* before each allocation; keeps it aligned */ };

/* A decoder cannot be used twice, so each page gets a new one. */
struct brotli_state {
    BrotliDecoderState *decoder;
    struct budget *budget;
};

/* Allocate what the decoder asks for, up to 16 MiB for a window, as far as the budget goes. */
static void *brotli_allocate(void *opaque, size_t n)
{
    struct brotli_state *brotli = opaque;
    struct error ignored;

    if (budget_take(brotli->budget, n + SIZE_BYTES, "brotli", &ignored) < 0)
        return NULL;
    size_t *block = malloc(n + SIZE_BYTES);
    if (!block) {
        budget_give(brotli->budget, n + SIZE_BYTES);
        return NULL;
    }
    *block = n + SIZE_BYTES;
    return (char *)block + SIZE_BYTES;
}

static void brotli_release(void *opaque, void *bytes)
{
    struct brotli_state *brotli = opaque;

    if (!bytes)
        return;
    size_t *block = (size_t *)(void *)((char *)bytes - SIZE_BYTES);
    budget_give(brotli->budget, *block);
    free(block);
}

static int brotli_open(struct budget *budget, void **state, struct error *err)
{
    struct brotli_state *brotli = calloc(1, sizeof *brotli);

    if (!brotli)
        return error_nomem(err);
    brotli->budget = budget;
    *state = brotli;
    return 0;
}

static void end_page(struct brotli_state *brotli)
{
    if (brotli->decoder)
        BrotliDecoderDestroyInstance(brotli->decoder);
    brotli->decoder = NULL;
}

static void brotli_close(void *state)
{
    if (state)
        end_page(state);
    free(state);
}

static int brotli_begin(void *state, size_t n_out, struct error *err)
{
    struct brotli_state *brotli = state;

    (void)n_out;
    end_page(brotli);
    brotli->decoder = BrotliDecoderCreateInstance(brotli_allocate, brotli_release, brotli);
    return brotli->decoder ? 0 : error_nomem(err);
}

static int raise_error(const struct brotli_state *brotli, struct error *err)
{
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(brotli->decoder);

    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
        code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
        return error_set(err, ERR_NOMEM,
                         "the brotli data needs more memory than is left: raise --max-memory");
    return error_set(err, ERR_INPUT, "the brotli data is corrupt: %s",
                     BrotliDecoderErrorString(code));
}

static int brotli_step(void *state, struct codec_step *step, struct error *err)
{
    struct brotli_state *brotli = state;

    if (BrotliDecoderDecompressStream(brotli->decoder, &step->n_in, &step->in, &step->n_out,
                                      &step->out, NULL) == BROTLI_DECODER_RESULT_ERROR)
        return raise_error(brotli, err);
    return 0;
}

static bool brotli_is_complete(const void *state)
{
    return BrotliDecoderIsFinished(((const struct brotli_state *)state)->decoder);
}

static int brotli_decompress(void *state, const uint8_t *in, size_t n_in, uint8_t *out,
                             size_t n_out, struct error *err)
{
    struct codec_step step = { in, n_in, out, n_out };
    struct brotli_state *brotli = state;

    if (brotli_begin(state, n_out, err) < 0 || brotli_step(state, &step, err) < 0)
        return -1;
    if (step.n_out > 0 || step.n_in > 0 || !BrotliDecoderIsFinished(brotli->decoder))
        return error_set(
            err, ERR_INPUT,
            "the brotli data is truncated, or has another length than the page says");
    return 0;
}

const struct codec codec_brotli = {
    .name = "brotli",
    .decompress = brotli_decompress,
    .open = brotli_open,
    .close = brotli_close,
    .begin = brotli_begin,
    .step = brotli_step,
    .is_complete = brotli_is_complete,
};
