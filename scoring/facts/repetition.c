/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a text is said before: lines, paragraphs and word n-grams, as Gopher counts them.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/facts/gram_table.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum { TOP_FROM = 2, TOP_TO = 4, DUPLICATE_FROM = 5, DUPLICATE_TO = 10, AHEAD = 8 };
enum {
    LINE_SHARE,
    LINE_CHAR_SHARE,
    PARAGRAPH_SHARE,
    PARAGRAPH_CHAR_SHARE,
    TOP_SHARES,
    DUPLICATE_SHARES = TOP_SHARES + TOP_TO - TOP_FROM + 1,
    N_REPETITIONS = DUPLICATE_SHARES + DUPLICATE_TO - DUPLICATE_FROM + 1,
};

static const struct fact repetition_facts[N_REPETITIONS] = {
    { "dup_line_share", FACT_REAL, "share", "lines that occurred before" },
    { "dup_line_char_share", FACT_REAL, "share", "characters in lines that occurred before" },
    { "dup_paragraph_share", FACT_REAL, "share", "paragraphs that occurred before" },
    { "dup_paragraph_char_share", FACT_REAL, "share",
      "characters in paragraphs that occurred before" },
    { "top_2gram_char_share", FACT_REAL, "share", "characters of the most frequent 2-gram" },
    { "top_3gram_char_share", FACT_REAL, "share", "characters of the most frequent 3-gram" },
    { "top_4gram_char_share", FACT_REAL, "share", "characters of the most frequent 4-gram" },
    { "dup_5gram_char_share", FACT_REAL, "share", "characters in repeated 5-grams" },
    { "dup_6gram_char_share", FACT_REAL, "share", "characters in repeated 6-grams" },
    { "dup_7gram_char_share", FACT_REAL, "share", "characters in repeated 7-grams" },
    { "dup_8gram_char_share", FACT_REAL, "share", "characters in repeated 8-grams" },
    { "dup_9gram_char_share", FACT_REAL, "share", "characters in repeated 9-grams" },
    { "dup_10gram_char_share", FACT_REAL, "share", "characters in repeated 10-grams" },
};

struct repeated {
    size_t n;       /* pieces that are not empty */
    size_t n_again; /* of these, those that occurred before */
    size_t n_chars_again;
};

/* Count the pieces within a stretch of the text that occurred before. */
static int count_repeated(const struct measured_text *text, const struct text_line *pieces,
                          size_t n, struct slice within, struct gram_table *table,
                          struct repeated *out, struct error *err)
{
    const size_t from = (size_t)(within.ptr - text->text.ptr);
    const size_t to = from + within.len;

    *out = (struct repeated){ 0 };
    if (gram_table_clear(table, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        size_t start = pieces[i].start;
        size_t end = start + pieces[i].len;

        start = start > from ? start : from;
        end = end < to ? end : to;
        if (start >= end)
            continue;
        const struct slice piece = slice_of(text->text.ptr + start, end - start);
        out->n++;
        if (gram_table_add(table, hash_u64(piece), i) == 1)
            continue;
        out->n_again++;
        for (size_t at = 0; at < piece.len; at++)
            out->n_chars_again += (piece.ptr[at] & 0xc0) != 0x80;
    }
    return 0;
}

static size_t count_gram_chars(const struct text_token *tokens, size_t n)
{
    size_t n_chars = 0;

    for (size_t i = 0; i < n; i++)
        n_chars += tokens[i].n_chars;
    return n_chars;
}

/* The hash of each n-gram that begins at a token, at the token: hashes[i] for i + n <=
 * n_tokens.
 */
static void hash_grams(const struct measured_text *text, size_t n, uint64_t *hashes)
{
    struct gram_roll roll = gram_roll_of(n);

    for (size_t i = 0; i < text->n_tokens; i++) {
        gram_roll_on(&roll, text->tokens[i].hash, i < n ? 0 : text->tokens[i - n].hash);
        if (i + 1 >= n)
            hashes[i + 1 - n] = gram_mix(roll.hash);
    }
}

/* The characters of all occurrences of the most frequent n-gram, with blanks between its words.
 * Of equally frequent ones the first counts. */
static int count_top_chars(const struct measured_text *text, size_t n, const uint64_t *hashes,
                           struct gram_table *table, size_t *out, struct error *err)
{
    const size_t n_grams = text->n_tokens < n ? 0 : text->n_tokens - n + 1;
    size_t count = 0;
    size_t first = 0;

    *out = 0;
    if (gram_table_clear(table, n_grams, err) < 0)
        return -1;
    for (size_t i = 0; i < n_grams; i++) {
        if (i + AHEAD < n_grams)
            gram_table_prefetch(table, hashes[i + AHEAD]);
        struct gram *gram = gram_table_at(table, hashes[i], i);
        gram->count++;
        if (gram->count > count || (gram->count == count && gram->first < first)) {
            count = gram->count;
            first = gram->first;
        }
    }
    if (n_grams > 0)
        *out = count * (count_gram_chars(&text->tokens[first], n) + n - 1);
    return 0;
}

/* The characters in n-grams that were seen before. The words of such an n-gram are passed over,
 * so none is counted twice. */
static int count_duplicate_chars(const struct measured_text *text, size_t n,
                                 const uint64_t *hashes, struct gram_table *table, size_t *out,
                                 struct error *err)
{
    const size_t n_grams = text->n_tokens < n ? 0 : text->n_tokens - n + 1;
    size_t n_chars = 0;

    if (gram_table_clear(table, n_grams, err) < 0)
        return -1;
    for (size_t i = 0; i < n_grams;) {
        if (i + AHEAD < n_grams)
            gram_table_prefetch(table, hashes[i + AHEAD]);
        if (gram_table_add(table, hashes[i], i) == 1) {
            i++;
            continue;
        }
        n_chars += count_gram_chars(&text->tokens[i], n);
        i += n;
    }
    *out = n_chars;
    return 0;
}

static int measure_grams(const struct measured_text *text, struct gram_table *table,
                         uint64_t *hashes, struct fact_value *out, struct error *err)
{
    const double n_chars = (double)text->n_chars;
    size_t n = 0;

    for (int i = TOP_FROM; i <= TOP_TO; i++) {
        hash_grams(text, (size_t)i, hashes);
        if (count_top_chars(text, (size_t)i, hashes, table, &n, err) < 0)
            return -1;
        out[TOP_SHARES + i - TOP_FROM].real = (double)n / n_chars;
    }
    for (int i = DUPLICATE_FROM; i <= DUPLICATE_TO; i++) {
        hash_grams(text, (size_t)i, hashes);
        if (count_duplicate_chars(text, (size_t)i, hashes, table, &n, err) < 0)
            return -1;
        out[DUPLICATE_SHARES + i - DUPLICATE_FROM].real = (double)n / n_chars;
    }
    return 0;
}

static int measure_pieces(const struct measured_text *text, struct gram_table *table,
                          struct fact_value *out, struct error *err)
{
    const double n_chars = (double)text->n_chars;
    struct repeated lines = { 0 };
    struct repeated paragraphs = { 0 };

    if (count_repeated(text, text->lines, text->n_lines, text->text, table, &lines, err) < 0 ||
        count_repeated(text, text->paragraphs, text->n_paragraphs, trim_both(text->text), table,
                       &paragraphs, err) < 0)
        return -1;
    out[LINE_SHARE].real = share_of(lines.n_again, lines.n);
    out[LINE_CHAR_SHARE].real = (double)lines.n_chars_again / n_chars;
    out[PARAGRAPH_SHARE].real = share_of(paragraphs.n_again, paragraphs.n);
    out[PARAGRAPH_CHAR_SHARE].real = (double)paragraphs.n_chars_again / n_chars;
    return 0;
}

static int measure_repetition(const struct measured_text *text,
                              const struct measure_options *options, struct fact_value *out,
                              struct error *err)
{
    struct gram_table table = { 0 };
    uint64_t *hashes = malloc((text->n_tokens + 1) * sizeof *hashes);
    int rc = -1;

    (void)options;
    if (!hashes)
        error_nomem(err);
    else if (measure_pieces(text, &table, out, err) == 0 &&
             measure_grams(text, &table, hashes, out, err) == 0)
        rc = 0;
    gram_table_release(&table);
    free(hashes);
    return rc;
}

/* The hashes of the tokens, and the largest table. */
static size_t bytes_of_repetition(const struct measured_text *text,
                                  const struct measure_options *options)
{
    const size_t n = text->n_tokens > text->n_lines ? text->n_tokens : text->n_lines;

    (void)options;
    return (text->n_tokens + 1) * sizeof(uint64_t) + gram_table_bytes(n);
}

const struct measurer measurer_repetition = {
    .name = "repetition",
    .version = 1,
    .summary = "repeated lines, paragraphs and word n-grams (Gopher)",
    .facts = repetition_facts,
    .n_facts = N_REPETITIONS,
    .parts = 1 << PART_ALL | 1 << PART_CONTEXT | 1 << PART_RESPONSE,
    .measure = measure_repetition,
    .measure_bytes = bytes_of_repetition,
};
