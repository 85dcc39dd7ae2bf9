/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-level BPE: the text is split into words. Within a word, the pair of adjacent symbols
 * with the lowest rank merges first.
 */
#include "scoring/infer/tokenizer/tokenizer_private.h"

#include "base/error.h"
#include "base/text/regex.h"
#include "scoring/infer/tokenizer/byte_alphabet.h"
#include "scoring/infer/tokenizer/pretok.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"

/* A longer word is not looked up as a whole: tokens of known models are much shorter. */
enum { WHOLE_WORD_BYTES_MAX = 512 };

static bool bpe_find_merge(const void *state, const struct symbol *left,
                           const struct symbol *right, struct merge *out)
{
    const struct vocab *vocab = state;

    return pair_table_find(&vocab->merges, left->id, right->id, out);
}

static int bpe_add_symbol(const struct encode_call *call, const struct symbol *symbol,
                          struct slice word, struct error *err)
{
    if (symbol->id != TOKEN_NONE)
        return token_buf_add(call->out, symbol->id, err);
    if (call->vocab->unknown != TOKEN_NONE)
        return token_buf_add(call->out, call->vocab->unknown, err);
    return error_set(err, ERR_INPUT, "the vocabulary has no token for byte 0x%02X of the text",
                     (unsigned)(uint8_t)word.ptr[symbol->pos]);
}

static int bpe_encode_word(const struct encode_call *call, struct slice word, struct error *err)
{
    struct merger *merger = &call->scratch->merger;
    const struct merge_rule rule = { bpe_find_merge, call->vocab };

    merger_clear(merger);
    for (size_t i = 0; i < word.len; i++)
        if (merger_add(merger, 1, call->vocab->bytes[(uint8_t)word.ptr[i]], err) < 0)
            return -1;
    if (merger_run(merger, &rule, err) < 0)
        return -1;
    for (uint32_t i = 0; i != SYMBOL_NONE; i = merger->symbols[i].next)
        if (bpe_add_symbol(call, &merger->symbols[i], word, err) < 0)
            return -1;
    return 0;
}

/* The token of a whole word, or TOKEN_NONE. */
static int32_t bpe_find_whole_word(const struct vocab *vocab, struct slice word)
{
    char text[WHOLE_WORD_BYTES_MAX * ALPHABET_CHAR_MAX];
    size_t len = 0;

    if (word.len > WHOLE_WORD_BYTES_MAX)
        return TOKEN_NONE;
    for (size_t i = 0; i < word.len; i++)
        len += alphabet_encode((uint8_t)word.ptr[i], text + len);
    return vocab_find(vocab, slice_of(text, len));
}

static int bpe_add_word(const void *state, struct slice word, struct error *err)
{
    const struct encode_call *call = state;

    if (pretok_keeps_words(call->pretok)) {
        const int32_t id = bpe_find_whole_word(call->vocab, word);

        if (id != TOKEN_NONE)
            return token_buf_add(call->out, id, err);
    }
    return bpe_encode_word(call, word, err);
}

int bpe_encode(const struct encode_call *call, struct slice text, struct error *err)
{
    struct token_scratch *scratch = call->scratch;
    const struct word_sink sink = { bpe_add_word, call };

    if (!scratch->match && regex_match_new(&scratch->match, err) < 0)
        return -1;
    return pretok_split(call->pretok, scratch->match, text, &sink, err);
}
