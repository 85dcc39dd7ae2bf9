/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SentencePiece BPE: spaces become U+2581. Two adjacent symbols can merge if their texts
 * together are a token; the pair whose token has the best score merges first. A symbol without
 * a token becomes the tokens of its bytes.
 */
#include "scoring/infer/tokenizer/tokenizer_private.h"

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"

struct word {
    const struct vocab *vocab;
    const char *text;
};

static bool spm_find_merge(const void *state, const struct symbol *left,
                           const struct symbol *right, struct merge *out)
{
    const struct word *word = state;
    const size_t len = (size_t)left->len + right->len;
    const int32_t id = vocab_find(word->vocab, slice_of(word->text + left->pos, len));

    if (id == TOKEN_NONE)
        return false;
    *out = (struct merge){ word->vocab->priorities[id], id };
    return true;
}

int tok_add_bytes(const struct encode_call *call, struct slice text, struct error *err)
{
    const int32_t *bytes = call->vocab->bytes;

    for (size_t i = 0; i < text.len; i++) {
        if (bytes[(uint8_t)text.ptr[i]] != TOKEN_NONE)
            continue;
        if (call->vocab->unknown != TOKEN_NONE)
            return token_buf_add(call->out, call->vocab->unknown, err);
        return error_set(err, ERR_INPUT,
                         "the vocabulary has no token for the character '%.*s' of the text",
                         (int)text.len, text.ptr);
    }
    for (size_t i = 0; i < text.len; i++)
        if (token_buf_add(call->out, bytes[(uint8_t)text.ptr[i]], err) < 0)
            return -1;
    return 0;
}

static int spm_encode_word(const struct encode_call *call, struct slice text, struct error *err)
{
    struct merger *merger = &call->scratch->merger;
    const struct word word = { call->vocab, text.ptr };
    const struct merge_rule rule = { spm_find_merge, &word };

    merger_clear(merger);
    for (size_t i = 0; i < text.len;) {
        const size_t len = utf8_char_len(slice_of(text.ptr + i, text.len - i));

        if (merger_add(merger, (uint32_t)len, TOKEN_NONE, err) < 0)
            return -1;
        i += len;
    }
    if (merger_run(merger, &rule, err) < 0)
        return -1;
    for (uint32_t i = 0; i != SYMBOL_NONE; i = merger->symbols[i].next) {
        const struct symbol *symbol = &merger->symbols[i];
        const struct slice piece = slice_of(text.ptr + symbol->pos, symbol->len);
        const int32_t id =
            symbol->id != TOKEN_NONE ? symbol->id : vocab_find(call->vocab, piece);
        const int rc = id != TOKEN_NONE ? token_buf_add(call->out, id, err)
                                        : tok_add_bytes(call, piece, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static bool is_space(struct slice text, size_t at)
{
    return text.len - at >= VOCAB_SPACE_BYTES &&
           memcmp(text.ptr + at, VOCAB_SPACE, VOCAB_SPACE_BYTES) == 0;
}

/* Length of the first word of a text. It ends before the next space that follows another
 * character. No merge crosses that place, unless a token has such a space inside. */
static size_t spm_word_len(const struct vocab *vocab, struct slice text)
{
    size_t at = 0;

    if (vocab->inner_spaces)
        return text.len;
    while (at < text.len && is_space(text, at))
        at += VOCAB_SPACE_BYTES;
    while (at < text.len) {
        const char *next = memchr(text.ptr + at, VOCAB_SPACE[0], text.len - at);

        if (!next)
            return text.len;
        at = (size_t)(next - text.ptr);
        if (is_space(text, at))
            return at;
        at++;
    }
    return text.len;
}

int tok_escape_spaces(struct buf *out, struct slice text, bool with_prefix, struct error *err)
{
    const char *end = text.ptr + text.len;

    buf_clear(out);
    if (with_prefix && buf_add(out, VOCAB_SPACE, VOCAB_SPACE_BYTES, err) < 0)
        return -1;
    for (const char *at = text.ptr; at < end;) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *stop = space ? space : end;

        if (buf_add(out, at, (size_t)(stop - at), err) < 0 ||
            (space && buf_add(out, VOCAB_SPACE, VOCAB_SPACE_BYTES, err) < 0))
            return -1;
        at = space ? space + 1 : end;
    }
    return 0;
}

int spm_encode(const struct encode_call *call, struct slice text, bool with_prefix,
               struct error *err)
{
    struct buf *escaped = &call->scratch->escaped;

    if (tok_escape_spaces(escaped, text, with_prefix, err) < 0)
        return -1;
    const struct slice all = buf_slice(escaped);
    for (size_t at = 0; at < all.len;) {
        const struct slice rest = slice_of(all.ptr + at, all.len - at);
        const size_t len = spm_word_len(call->vocab, rest);

        if (spm_encode_word(call, slice_of(rest.ptr, len), err) < 0)
            return -1;
        at += len;
    }
    return 0;
}
