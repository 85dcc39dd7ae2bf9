/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/segment_text.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "scoring/infer/tokenizer/tokenizer.h"

struct segment_text {
    struct gguf_file file;
    struct tokenizer *tokenizer;
    struct token_buf ids; /* of the context */
    size_t n_kept;
};

int segment_text_open(const char *model_path, struct segment_text **out, struct error *err)
{
    struct segment_text *text = calloc(1, sizeof *text);

    if (!text)
        return error_nomem(err);
    if (gguf_file_open(model_path, &text->file, err) < 0)
        goto failed;
    if (tokenizer_new(text->file.gguf, &text->tokenizer, err) < 0) {
        error_prefix(err, "%s", model_path);
        goto failed;
    }
    if (!text->tokenizer) {
        error_set(err, ERR_INPUT, "%s: the file has no vocabulary", model_path);
        goto failed;
    }
    *out = text;
    return 0;
failed:
    segment_text_close(text);
    return -1;
}

void segment_text_close(struct segment_text *text)
{
    if (!text)
        return;
    token_buf_release(&text->ids);
    tokenizer_free(text->tokenizer);
    gguf_file_close(&text->file);
    free(text);
}

int segment_text_read(struct segment_text *text, struct slice context, size_t n_kept,
                      bool truncated, struct error *err)
{
    text->ids.n = 0;
    text->n_kept = 0;
    if (tokenizer_encode(text->tokenizer, context, 0, &text->ids, err) < 0)
        return -1;
    if (text->ids.n < n_kept || (text->ids.n > n_kept && !truncated))
        return error_set(
            err, ERR_INPUT,
            "the context has %zu tokens, its segments have %zu: they were made with "
            "another vocabulary",
            text->ids.n, n_kept);
    text->n_kept = n_kept;
    return 0;
}

int segment_text_add(const struct segment_text *text, size_t start, size_t end, struct buf *out,
                     struct error *err)
{
    const size_t offset = text->ids.n - text->n_kept;

    for (size_t i = start; i < end && i < text->n_kept; i++)
        if (buf_add_slice(out, tokenizer_piece(text->tokenizer, text->ids.ids[offset + i]),
                          err) < 0)
            return -1;
    return 0;
}
