/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-level BPE: the text is cut into words, and within a word the neighbours whose merge was
 * learned first join first.
 */
#include "scoring/infer/tokenizer/tokenizer_private.h"

#include "base/error.h"
#include "base/text/regex.h"
#include "scoring/infer/tokenizer/byte_alphabet.h"
#include "scoring/infer/tokenizer/pretok.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"

/* A longer word is never looked up whole: the tokens of known models stay far below. */
enum { WHOLE_WORD_BYTES_MAX = 512 };

static bool find_merge(const void *state, const struct symbol *left, const struct symbol *right,
                       struct merge *out)
{
    const struct vocab *vocab = state;

    return pair_table_find(&vocab->merges, left->id, right->id, out);
}

static int add_symbol(const struct tok_job *job, const struct symbol *symbol, struct slice word,
                      struct error *err)
{
    if (symbol->id != TOKEN_NONE)
        return token_buf_add(job->out, symbol->id, err);
    if (job->vocab->unknown != TOKEN_NONE)
        return token_buf_add(job->out, job->vocab->unknown, err);
    return error_set(err, ERR_INPUT, "the vocabulary has no token for byte 0x%02X of the text",
                     (unsigned)(uint8_t)word.ptr[symbol->pos]);
}

static int encode_word(const struct tok_job *job, struct slice word, struct error *err)
{
    struct merger *merger = &job->scratch->merger;
    const struct merge_rule rule = { find_merge, job->vocab };

    merger_clear(merger);
    for (size_t i = 0; i < word.len; i++)
        if (merger_add(merger, 1, job->vocab->bytes[(uint8_t)word.ptr[i]], err) < 0)
            return -1;
    if (merger_run(merger, &rule, err) < 0)
        return -1;
    for (uint32_t i = 0; i != SYMBOL_NONE; i = merger->symbols[i].next)
        if (add_symbol(job, &merger->symbols[i], word, err) < 0)
            return -1;
    return 0;
}

/* The token a whole word is, or TOKEN_NONE. */
static int32_t find_word(const struct vocab *vocab, struct slice word)
{
    char text[WHOLE_WORD_BYTES_MAX * ALPHABET_CHAR_MAX];
    size_t len = 0;

    if (word.len > WHOLE_WORD_BYTES_MAX)
        return TOKEN_NONE;
    for (size_t i = 0; i < word.len; i++)
        len += alphabet_encode((uint8_t)word.ptr[i], text + len);
    return vocab_find(vocab, slice_of(text, len));
}

static int on_word(const void *state, struct slice word, struct error *err)
{
    const struct tok_job *job = state;

    if (pretok_keeps_words(job->pretok)) {
        const int32_t id = find_word(job->vocab, word);

        if (id != TOKEN_NONE)
            return token_buf_add(job->out, id, err);
    }
    return encode_word(job, word, err);
}

int bpe_encode(const struct tok_job *job, struct slice text, struct error *err)
{
    struct token_scratch *scratch = job->scratch;
    const struct word_sink sink = { on_word, job };

    if (!scratch->match && regex_match_new(&scratch->match, err) < 0)
        return -1;
    return pretok_split(job->pretok, scratch->match, text, &sink, err);
}
