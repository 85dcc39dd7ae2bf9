/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPE over characters (Gemma 4): spaces become U+2581 as in SentencePiece, and adjacent symbols
 * merge by rank as in byte-level BPE. Only line ends separate words. A symbol without a token
 * becomes the tokens of its bytes.
 */
#include "scoring/infer/tokenizer/tokenizer_private.h"

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"

static bool char_bpe_find_merge(const void *state, const struct symbol *left,
                                const struct symbol *right, struct merge *out)
{
    const struct vocab *vocab = state;

    return pair_table_find(&vocab->merges, left->id, right->id, out);
}

static int char_bpe_encode_word(const struct encode_call *call, struct slice word,
                                struct error *err)
{
    struct merger *merger = &call->scratch->merger;
    const struct merge_rule rule = { char_bpe_find_merge, call->vocab };

    merger_clear(merger);
    for (size_t i = 0; i < word.len;) {
        const struct slice rest = slice_of(word.ptr + i, word.len - i);
        const struct slice first = slice_of(rest.ptr, utf8_char_len(rest));

        if (merger_add(merger, (uint32_t)first.len, vocab_find(call->vocab, first), err) < 0)
            return -1;
        i += first.len;
    }
    if (merger_run(merger, &rule, err) < 0)
        return -1;
    for (uint32_t i = 0; i != SYMBOL_NONE; i = merger->symbols[i].next) {
        const struct symbol *symbol = &merger->symbols[i];
        const struct slice text = slice_of(word.ptr + symbol->pos, symbol->len);
        const int rc = symbol->id != TOKEN_NONE ? token_buf_add(call->out, symbol->id, err)
                                                : tok_add_bytes(call, text, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Length of the longest start of a text that is all line ends, or has no line end. */
static size_t char_bpe_word_len(struct slice text)
{
    const bool ends = text.ptr[0] == '\n';
    size_t len = 1;

    while (len < text.len && (text.ptr[len] == '\n') == ends)
        len++;
    return len;
}

int char_bpe_encode(const struct encode_call *call, struct slice text, struct error *err)
{
    struct buf *escaped = &call->scratch->escaped;

    if (tok_escape_spaces(escaped, text, false, err) < 0)
        return -1;
    const struct slice all = buf_slice(escaped);
    for (size_t at = 0; at < all.len;) {
        const struct slice rest = slice_of(all.ptr + at, all.len - at);
        const size_t len = char_bpe_word_len(rest);

        if (char_bpe_encode_word(call, slice_of(rest.ptr, len), err) < 0)
            return -1;
        at += len;
    }
    return 0;
}
