/* SPDX-License-Identifier: Apache-2.0 */
/* How long a text is. */
#include "base/text/utf8.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"

enum { LENGTH_CHARS, LENGTH_BYTES, LENGTH_WORDS, LENGTH_SENTENCES, LENGTH_LINES, N_LENGTHS };

static const struct fact length_facts[N_LENGTHS] = {
    [LENGTH_CHARS] = { "chars", FACT_INTEGER, "characters", "Unicode characters" },
    [LENGTH_BYTES] = { "bytes", FACT_INTEGER, "bytes", "bytes of UTF-8" },
    [LENGTH_WORDS] = { "words", FACT_INTEGER, "words", "words with a letter or a digit" },
    [LENGTH_SENTENCES] = { "sentences", FACT_INTEGER, "sentences", "sentences" },
    [LENGTH_LINES] = { "lines", FACT_INTEGER, "lines", "lines" },
};

/* Does the symbol end a sentence? */
static bool ends_sentence(struct slice symbol)
{
    size_t len;
    const uint32_t code = utf8_first(symbol, &len);

    return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x3002 ||
           code == 0xff01 || code == 0xff1f || code == 0x0964 || code == 0x061f ||
           code == 0x06d4;
}

/* A sentence ends at a mark that white space, a quote or the end follows; the rest of a text
 * that has words is a sentence, too. A single letter before the mark is an initial. */
static int64_t count_sentences(const struct measured_text *text)
{
    int64_t n = 0;
    size_t n_words = 0; /* since the last end */

    for (size_t i = 0; i < text->n_tokens; i++) {
        const struct text_token *token = &text->tokens[i];
        const size_t end = (size_t)token->start + token->len;

        n_words += token->is_word;
        if (token->is_word || n_words == 0 ||
            !ends_sentence(slice_of(text->text.ptr + token->start, token->len)))
            continue;
        const bool is_ascii_dot = token->len == 1 && text->text.ptr[token->start] == '.';
        const bool is_initial = is_ascii_dot && i > 0 && text->tokens[i - 1].is_word &&
                                text->tokens[i - 1].n_chars == 1 &&
                                text->tokens[i - 1].has_letter;
        if (is_initial && i + 1 < text->n_tokens)
            continue;
        if (is_ascii_dot && end < text->text.len &&
            !memchr(" \n\t\r\"')]", text->text.ptr[end], 8))
            continue;
        n++;
        n_words = 0;
    }
    return n + (n_words > 0);
}

static int measure_length(const struct measured_text *text,
                          const struct measure_options *options, struct fact_value *out,
                          struct error *err)
{
    (void)options;
    (void)err;
    out[LENGTH_CHARS].integer = (int64_t)text->n_chars;
    out[LENGTH_BYTES].integer = (int64_t)text->text.len;
    out[LENGTH_WORDS].integer = (int64_t)text->n_words;
    out[LENGTH_SENTENCES].integer = count_sentences(text);
    out[LENGTH_LINES].integer = (int64_t)text->n_lines;
    return 0;
}

const struct measurer measurer_length = {
    .name = "length",
    .version = 1,
    .summary = "characters, bytes, words, sentences and lines",
    .facts = length_facts,
    .n_facts = N_LENGTHS,
    .parts = PARTS_WHOLE_AND_EACH,
    .of_turns = true,
    .measure = measure_length,
};
