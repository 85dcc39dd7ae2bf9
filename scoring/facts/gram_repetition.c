/* SPDX-License-Identifier: Apache-2.0 */
/* Character and word 10-grams that occur more than once, as data-juicer counts them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/facts/character_sets.h"
#include "scoring/facts/gram_table.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum { GRAM = 10, SMALL_COUNTS = 1024, GRAMS_PER_PART = 8192, MAX_PARTS = 1024, AHEAD = 8 };
enum { CHAR_GRAM, WORD_GRAM, N_GRAM_FACTS };

static const struct fact gram_facts[N_GRAM_FACTS] = {
    [CHAR_GRAM] = { "char_10gram_repetition", FACT_REAL, "share",
                    "occurrences of the most frequent character 10-grams" },
    [WORD_GRAM] = { "word_10gram_repetition", FACT_REAL, "share",
                    "word 10-grams that occur more than once" },
};

/* How many grams occur once, twice and so on. */
struct gram_counts {
    uint32_t small[SMALL_COUNTS]; /* grams by number of occurrences below SMALL_COUNTS */
    uint32_t *large;              /* the larger numbers */
    size_t n_large;
    size_t n; /* different grams */
};

static void add_counts(struct gram_counts *counts, const struct gram_table *table)
{
    for (size_t i = 0; i <= table->mask; i++) {
        const uint32_t count = table->slots[i].count;

        if (count >= SMALL_COUNTS)
            counts->large[counts->n_large++] = count;
        else if (count > 0)
            counts->small[count]++;
    }
    counts->n += table->n;
}

static int compare_counts(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;

    return (x < y) - (x > y);
}

/* The share of the most frequent grams among all occurrences: of those that occur more than
 * once, at most as many as the square root of the number of different grams. */
static double share_of_frequent(struct gram_counts *counts, size_t n_occurrences)
{
    const size_t n_again = counts->n - counts->small[1];
    size_t left = (size_t)sqrt((double)counts->n);
    uint64_t sum = 0;

    left = left < n_again ? left : n_again;
    qsort(counts->large, counts->n_large, sizeof *counts->large, compare_counts);
    for (size_t i = 0; i < counts->n_large && left > 0; i++, left--)
        sum += counts->large[i];
    for (size_t count = SMALL_COUNTS - 1; count > 1 && left > 0; count--) {
        const size_t n = counts->small[count] < left ? counts->small[count] : left;

        sum += n * count;
        left -= n;
    }
    return n_occurrences ? (double)sum / (double)n_occurrences : 0;
}

/* Put the hash of each character 10-gram into out[]. Returns how many there are. */
static size_t hash_char_grams(struct slice text, uint64_t *out)
{
    struct gram_roll roll = gram_roll_of(GRAM);
    uint32_t last[GRAM] = { 0 };
    size_t n = 0;
    size_t len = 1;

    for (size_t i = 0; i < text.len; i += len) {
        uint32_t code = (unsigned char)text.ptr[i];

        len = 1;
        if (code >= 0x80)
            code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        gram_roll_on(&roll, code, last[n % GRAM]);
        last[n % GRAM] = code;
        if (++n >= GRAM)
            out[n - GRAM] = gram_mix(roll.hash);
    }
    return n < GRAM ? 0 : n + 1 - GRAM;
}

/* Sort hashes by their high bits into n_parts parts; ends[] gets where each ends. */
static void partition_hashes(const uint64_t *hashes, size_t n, unsigned bits, uint64_t *out,
                             size_t *ends)
{
    const size_t n_parts = (size_t)1 << bits;
    size_t start = 0;

    memset(ends, 0, n_parts * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[hashes[i] >> (64 - bits)]++;
    for (size_t i = 0; i < n_parts; i++) {
        const size_t in_part = ends[i];

        ends[i] = start;
        start += in_part;
    }
    for (size_t i = 0; i < n; i++)
        out[ends[hashes[i] >> (64 - bits)]++] = hashes[i];
}

static int count_hashes(const uint64_t *hashes, size_t n, struct gram_table *table,
                        struct gram_counts *counts, struct error *err)
{
    /* Of many occurrences in one part most are of the same grams. */
    if (gram_table_clear(table, n < GRAMS_PER_PART ? n : GRAMS_PER_PART, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        gram_table_add(table, hashes[i], i);
        if (2 * table->n > table->mask && gram_table_grow(table, err) < 0)
            return -1;
    }
    add_counts(counts, table);
    return 0;
}

/* Count the grams in parts whose table is in the cache of the CPU. hashes has room for 2 n. */
static int count_in_parts(uint64_t *hashes, size_t n, struct gram_table *table,
                          struct gram_counts *counts, struct error *err)
{
    size_t ends[MAX_PARTS];
    unsigned bits = 0;

    while ((n >> bits) > GRAMS_PER_PART && (1 << bits) < MAX_PARTS)
        bits++;
    if (bits == 0)
        return count_hashes(hashes, n, table, counts, err);
    partition_hashes(hashes, n, bits, hashes + n, ends);
    for (size_t i = 0; i < (size_t)1 << bits; i++) {
        const size_t start = i ? ends[i - 1] : 0;

        if (count_hashes(hashes + n + start, ends[i] - start, table, counts, err) < 0)
            return -1;
    }
    return 0;
}

static int measure_char_grams(const struct measured_text *text, struct gram_table *table,
                              uint64_t *hashes, double *out, struct error *err)
{
    struct gram_counts counts = { .n = 0 };
    const size_t n = hash_char_grams(text->text, hashes);
    int rc;

    counts.large = malloc((n / SMALL_COUNTS + 1) * sizeof *counts.large);
    if (!counts.large)
        return error_nomem(err);
    rc = count_in_parts(hashes, n, table, &counts, err);
    if (rc == 0)
        *out = share_of_frequent(&counts, n);
    free(counts.large);
    return rc;
}

static bool ends_word(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t';
}

/* Cut special characters at both ends off a word. */
static struct slice trim_special(struct slice word)
{
    size_t len;

    while (word.len > 0 && is_special_character(utf8_first(word, &len)))
        word = slice_of(word.ptr + len, word.len - len);
    while (word.len > 0) {
        size_t start;

        if (!is_special_character(last_character(word, &start)))
            break;
        word.len = start;
    }
    return word;
}

/* The hash of a word in lower case. */
static uint64_t hash_lower(struct slice word)
{
    uint64_t hash = 0;
    size_t len;

    for (size_t i = 0; i < word.len; i += len) {
        const uint32_t code = utf8_first(slice_of(word.ptr + i, word.len - i), &len);

        hash = gram_mix((hash ^ utf8_lower(code)) * GRAM_FACTOR);
    }
    return hash;
}

/* Put the hash of each word 10-gram into out[]. Returns how many there are. */
static size_t hash_word_grams(struct slice text, uint64_t *out)
{
    struct gram_roll roll = gram_roll_of(GRAM);
    uint64_t last[GRAM] = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < text.len;) {
        size_t end = i;

        while (end < text.len && !ends_word(text.ptr[end]))
            end++;
        const struct slice word = trim_special(slice_of(text.ptr + i, end - i));
        i = end + 1;
        if (word.len == 0)
            continue;
        const uint64_t hash = hash_lower(word);
        gram_roll_on(&roll, hash, last[n % GRAM]);
        last[n % GRAM] = hash;
        if (++n >= GRAM)
            out[n - GRAM] = gram_mix(roll.hash);
    }
    return n < GRAM ? 0 : n + 1 - GRAM;
}

static int measure_word_grams(const struct measured_text *text, struct gram_table *table,
                              uint64_t *hashes, double *out, struct error *err)
{
    const size_t n = hash_word_grams(text->text, hashes);
    size_t n_once = 0;

    if (gram_table_clear(table, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            gram_table_prefetch(table, hashes[i + AHEAD]);
        const uint32_t count = gram_table_add(table, hashes[i], i);
        if (count == 1)
            n_once++;
        else if (count == 2)
            n_once--;
    }
    *out = n ? (double)(n - n_once) / (double)n : 0;
    return 0;
}

static int measure_gram_repetition(const struct measured_text *text,
                                   const struct measure_options *options,
                                   struct fact_value *out, struct error *err)
{
    struct gram_table table = { 0 };
    uint64_t *hashes = malloc((2 * text->n_chars + 1) * sizeof *hashes);
    int rc = -1;

    (void)options;
    if (!hashes)
        error_nomem(err);
    else if (measure_char_grams(text, &table, hashes, &out[CHAR_GRAM].real, err) == 0 &&
             measure_word_grams(text, &table, hashes, &out[WORD_GRAM].real, err) == 0)
        rc = 0;
    gram_table_release(&table);
    free(hashes);
    return rc;
}

/* Twice the hashes of the characters, and the larger table: that of words between blanks, or
 * that of a part of the characters. */
static size_t bytes_of_gram_repetition(const struct measured_text *text,
                                       const struct measure_options *options)
{
    const size_t n_part = 2 * text->n_chars / MAX_PARTS + GRAMS_PER_PART;
    const size_t n_words = text->n_spaces + 1;

    (void)options;
    return (2 * text->n_chars + 1) * sizeof(uint64_t) +
           2 * gram_table_bytes(n_part > n_words ? n_part : n_words);
}

const struct measurer measurer_gram_repetition = {
    .name = "gram_repetition",
    .version = 1,
    .summary = "repeated character and word 10-grams (data-juicer)",
    .facts = gram_facts,
    .n_facts = N_GRAM_FACTS,
    .parts = 1 << PART_ALL | 1 << PART_CONTEXT | 1 << PART_RESPONSE,
    .measure = measure_gram_repetition,
    .measure_bytes = bytes_of_gram_repetition,
};
