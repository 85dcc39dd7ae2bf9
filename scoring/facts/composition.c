/* SPDX-License-Identifier: Apache-2.0 */
/* What characters and words a text is made of. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/facts/character_sets.h"
#include "scoring/facts/gram_table.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"

enum {
    ALNUM_SHARE,
    DIGIT_SHARE,
    UPPER_SHARE,
    SPACE_SHARE,
    SYMBOL_SHARE,
    SPECIAL_SHARE,
    CONTROL_CHARS,
    REPLACEMENT_CHARS,
    MEAN_WORD_LENGTH,
    LETTER_WORD_SHARE,
    CAPITAL_WORD_SHARE,
    DISTINCT_WORD_SHARE,
    STOP_WORDS,
    STOP_WORD_SHARE,
    HASH_PER_WORD,
    ELLIPSIS_PER_WORD,
    N_COMPOSITIONS,
};

static const struct fact composition_facts[N_COMPOSITIONS] = {
    [ALNUM_SHARE] = { "alnum_share", FACT_REAL, "share", "letters and digits" },
    [DIGIT_SHARE] = { "digit_share", FACT_REAL, "share", "digits" },
    [UPPER_SHARE] = { "upper_share", FACT_REAL, "share", "capitals among the letters" },
    [SPACE_SHARE] = { "space_share", FACT_REAL, "share", "white space" },
    [SYMBOL_SHARE] = { "symbol_share", FACT_REAL, "share", "symbols that stand alone" },
    [SPECIAL_SHARE] = { "special_share", FACT_REAL, "share",
                        "special characters of data-juicer" },
    [CONTROL_CHARS] = { "control_chars", FACT_INTEGER, "characters", "control characters" },
    [REPLACEMENT_CHARS] = { "replacement_chars", FACT_INTEGER, "characters",
                            "replacement characters (U+FFFD)" },
    [MEAN_WORD_LENGTH] = { "mean_word_length", FACT_REAL, "characters", "characters a word" },
    [LETTER_WORD_SHARE] = { "letter_word_share", FACT_REAL, "share",
                            "words with a letter among words and symbols" },
    [CAPITAL_WORD_SHARE] = { "capital_word_share", FACT_REAL, "share",
                             "words whose letters are all capitals" },
    [DISTINCT_WORD_SHARE] = { "distinct_word_share", FACT_REAL, "share",
                              "different words among the words" },
    [STOP_WORDS] = { "stop_words", FACT_INTEGER, "words",
                     "how many of Gopher's eight stop words occur" },
    [STOP_WORD_SHARE] = { "stop_word_share", FACT_REAL, "share", "English function words" },
    [HASH_PER_WORD] = { "hash_per_word", FACT_REAL, "per word", "# signs" },
    [ELLIPSIS_PER_WORD] = { "ellipsis_per_word", FACT_REAL, "per word", "ellipses" },
};

/* In lower case, sorted. The words of a sentence that say how the others belong together. */
static const char *const function_words[] = {
    "a",     "about",   "after", "again", "all",    "am",    "an",     "and",   "any",  "are",
    "as",    "at",      "be",    "been",  "before", "being", "both",   "but",   "by",   "can",
    "could", "did",     "do",    "does",  "doing",  "down",  "during", "each",  "few",  "for",
    "from",  "had",     "has",   "have",  "having", "he",    "her",    "here",  "hers", "him",
    "his",   "how",     "i",     "if",    "in",     "into",  "is",     "it",    "its",  "just",
    "may",   "me",      "might", "more",  "most",   "must",  "my",     "no",    "nor",  "not",
    "now",   "of",      "off",   "on",    "once",   "only",  "or",     "other", "our",  "ours",
    "out",   "over",    "own",   "same",  "shall",  "she",   "should", "so",    "some", "such",
    "than",  "that",    "the",   "their", "them",   "then",  "there",  "these", "they", "this",
    "those", "through", "to",    "too",   "under",  "until", "up",     "very",  "was",  "we",
    "were",  "what",    "when",  "where", "which",  "while", "who",    "whom",  "why",  "will",
    "with",  "would",   "you",   "your",  "yours",
};
enum {
    N_FUNCTION_WORDS = sizeof function_words / sizeof *function_words,
    FUNCTION_WORD_MAX = 7,
};

static const char *const gopher_stop_words[] = { "the", "be",   "to",   "of",
                                                 "and", "that", "have", "with" };

/* Counts of one pass over the characters. */
struct char_counts {
    size_t n_special;
    size_t n_control;
    size_t n_replacement;
    size_t n_hash;
    size_t n_ellipsis;
};

static void count_ascii(struct slice text, size_t *at, struct char_counts *out)
{
    const unsigned char byte = (unsigned char)text.ptr[*at];

    out->n_special += is_special_character(byte);
    out->n_control += byte == 0x7f || (byte < ' ' && byte != '\n' && byte != '\t');
    out->n_hash += byte == '#';
    if (byte == '.' && text.len - *at >= 3 && memcmp(text.ptr + *at, "...", 3) == 0) {
        out->n_ellipsis++;
        out->n_special += 2;
        *at += 2;
    }
    (*at)++;
}

static void count_characters(struct slice text, struct char_counts *out)
{
    size_t len;

    for (size_t i = 0; i < text.len;) {
        if ((unsigned char)text.ptr[i] < 0x80) {
            count_ascii(text, &i, out);
            continue;
        }
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        out->n_special += is_special_character(code);
        out->n_control += code < 0xa0;
        out->n_replacement += code == 0xfffd;
        out->n_ellipsis += code == 0x2026;
        i += len;
    }
}

/* Counts of one pass over the tokens. */
struct word_counts {
    size_t n_chars;
    size_t n_with_letter;
    size_t n_capital;
    size_t n_distinct;
    size_t n_function;
    unsigned gopher; /* bit i: stop word i occurs */
};

/* Are all letters of the word capitals? */
static bool is_capital_word(struct slice word)
{
    size_t n_upper = 0;
    size_t len;

    for (size_t i = 0; i < word.len; i += len) {
        const unsigned classes =
            utf8_classes(utf8_first(slice_of(word.ptr + i, word.len - i), &len));

        if (classes & UTF8_LETTER && !(classes & UTF8_UPPER))
            return false;
        n_upper += (classes & UTF8_UPPER) != 0;
    }
    return n_upper > 0;
}

static int compare_to_word(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_function_word(struct slice word)
{
    char lower[FUNCTION_WORD_MAX + 1] = "";

    if (word.len > FUNCTION_WORD_MAX)
        return false;
    for (size_t i = 0; i < word.len; i++)
        lower[i] =
            (char)(word.ptr[i] >= 'A' && word.ptr[i] <= 'Z' ? word.ptr[i] | 0x20 : word.ptr[i]);
    return bsearch(lower, function_words, N_FUNCTION_WORDS, sizeof *function_words,
                   compare_to_word) != NULL;
}

static unsigned find_gopher_stop_word(struct slice word)
{
    for (unsigned i = 0; i < sizeof gopher_stop_words / sizeof *gopher_stop_words; i++)
        if (slice_equal(word, slice_text(gopher_stop_words[i])))
            return 1u << i;
    return 0;
}

static int count_words(const struct measured_text *text, struct gram_table *table,
                       struct word_counts *out, struct error *err)
{
    if (gram_table_clear(table, text->n_words, err) < 0)
        return -1;
    for (size_t i = 0; i < text->n_tokens; i++) {
        const struct text_token *token = &text->tokens[i];
        const struct slice word = slice_of(text->text.ptr + token->start, token->len);

        if (!token->is_word)
            continue;
        gram_table_add(table, token->hash, i);
        out->n_chars += token->n_chars;
        out->n_with_letter += token->has_letter;
        out->n_capital += token->has_letter && is_capital_word(word);
        if (word.len > FUNCTION_WORD_MAX)
            continue;
        out->n_function += is_function_word(word);
        out->gopher |= find_gopher_stop_word(word);
    }
    out->n_distinct = table->n;
    return 0;
}

static void set_word_facts(const struct measured_text *text, const struct word_counts *words,
                           const struct char_counts *chars, struct fact_value *out)
{
    const size_t n_words = text->n_words;

    out[MEAN_WORD_LENGTH].real = share_of(words->n_chars, n_words);
    out[LETTER_WORD_SHARE].real = share_of(words->n_with_letter, text->n_tokens);
    out[CAPITAL_WORD_SHARE].real = share_of(words->n_capital, n_words);
    out[DISTINCT_WORD_SHARE].real = share_of(words->n_distinct, n_words);
    out[STOP_WORDS].integer = __builtin_popcount(words->gopher);
    out[STOP_WORD_SHARE].real = share_of(words->n_function, n_words);
    out[HASH_PER_WORD].real = share_of(chars->n_hash, text->n_tokens);
    out[ELLIPSIS_PER_WORD].real = share_of(chars->n_ellipsis, text->n_tokens);
}

static int measure_composition(const struct measured_text *text,
                               const struct measure_options *options, struct fact_value *out,
                               struct error *err)
{
    struct gram_table table = { 0 };
    struct char_counts chars = { 0 };
    struct word_counts words = { 0 };
    int rc;

    (void)options;
    count_characters(text->text, &chars);
    rc = count_words(text, &table, &words, err);
    gram_table_release(&table);
    out[ALNUM_SHARE].real = share_of(text->n_letters + text->n_digits, text->n_chars);
    out[DIGIT_SHARE].real = share_of(text->n_digits, text->n_chars);
    out[UPPER_SHARE].real = share_of(text->n_upper, text->n_letters);
    out[SPACE_SHARE].real = share_of(text->n_spaces, text->n_chars);
    out[SYMBOL_SHARE].real = share_of(text->n_tokens - text->n_words, text->n_chars);
    out[SPECIAL_SHARE].real = share_of(chars.n_special, text->n_chars);
    out[CONTROL_CHARS].integer = (int64_t)chars.n_control;
    out[REPLACEMENT_CHARS].integer = (int64_t)chars.n_replacement;
    set_word_facts(text, &words, &chars, out);
    return rc;
}

static size_t bytes_of_composition(const struct measured_text *text,
                                   const struct measure_options *options)
{
    (void)options;
    return gram_table_bytes(text->n_words);
}

const struct measurer measurer_composition = {
    .name = "composition",
    .version = 1,
    .summary = "shares of digits, capitals, symbols, stop words and other characters",
    .facts = composition_facts,
    .n_facts = N_COMPOSITIONS,
    .parts = PARTS_WHOLE_AND_EACH,
    .measure = measure_composition,
    .measure_bytes = bytes_of_composition,
};
