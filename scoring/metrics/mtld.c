/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measure of textual lexical diversity: the mean number of words until the ratio of distinct
 * words to words falls to 0.72. Counted as the program LexicalRichness counts it. One of the
 * indicators of InstructMining (2307.06290).
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static const double threshold = 0.72;
enum { EN_DASH = 0x2013, EM_DASH = 0x2014 };

/* The words of a text, as hashes. */
struct word_list {
    uint64_t *hashes;
    size_t n;
    size_t cap;
};

/* A hash table of distinct words. A slot of an earlier generation counts as empty, so that
 * starting a new generation empties the table. */
struct word_set {
    struct word_slot {
        uint64_t hash;
        size_t generation;
    } * slots;
    size_t mask;
    size_t generation;
};

/* Append the word, unless it is empty, and clear the buffer. */
static int mtld_add_word(struct word_list *words, struct buf *word, struct error *err)
{
    if (word->len == 0)
        return 0;
    if (words->n == words->cap) {
        const size_t cap = 2 * words->cap + 256;
        uint64_t *hashes = reallocarray(words->hashes, cap, sizeof *hashes);

        if (!hashes)
            return error_nomem(err);
        words->hashes = hashes;
        words->cap = cap;
    }
    words->hashes[words->n++] = hash_u64(buf_slice(word));
    buf_clear(word);
    return 0;
}

/* Digits and dashes are removed from words; other ASCII punctuation separates words. */
static bool mtld_removes(uint32_t code)
{
    return (code >= '0' && code <= '9') || code == '-' || code == EN_DASH || code == EM_DASH;
}

static bool mtld_separates(uint32_t code)
{
    return utf8_is_space(code) || (code > ' ' && code < '0') || (code > '9' && code < 'A') ||
           (code > 'Z' && code < 'a') || (code > 'z' && code < 0x7f);
}

static int mtld_split(struct slice text, struct word_list *words, struct buf *word,
                      struct error *err)
{
    size_t len;

    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        char lower[4];

        if (mtld_removes(code))
            continue;
        if (mtld_separates(code)) {
            if (mtld_add_word(words, word, err) < 0)
                return -1;
        } else if (buf_add(word, lower, utf8_put(utf8_lower(code), lower), err) < 0) {
            return -1;
        }
    }
    return mtld_add_word(words, word, err);
}

/* Add the word. True if it was not in the set. */
static bool word_set_add(struct word_set *set, uint64_t hash)
{
    size_t i = hash & set->mask;

    for (; set->slots[i].generation == set->generation; i = (i + 1) & set->mask)
        if (set->slots[i].hash == hash)
            return false;
    set->slots[i] = (struct word_slot){ hash, set->generation };
    return true;
}

/* Words per factor in one direction. A factor is a stretch of words whose ratio of distinct
 * words has just reached the threshold; the rest at the end counts as a fraction of a factor.
 */
static double mtld_words_per_factor(const struct word_list *words, struct word_set *distinct,
                                    bool backwards)
{
    double factors = 0, ratio = 1;
    size_t n_types = 0, n_tokens = 0;

    distinct->generation++;
    for (size_t i = 0; i < words->n; i++) {
        n_types += word_set_add(distinct, words->hashes[backwards ? words->n - 1 - i : i]);
        n_tokens++;
        ratio = (double)n_types / (double)n_tokens;
        if (ratio <= threshold) {
            factors++;
            n_types = n_tokens = 0;
            distinct->generation++;
        }
    }
    if (n_tokens > 0)
        factors += (1 - ratio) / (1 - threshold);
    return (double)words->n / (factors > 0 ? factors : 1); /* 0: all words are distinct */
}

static int word_set_init(struct word_set *set, size_t n_words, struct error *err)
{
    size_t n = 16;

    while (n < 2 * n_words)
        n *= 2;
    *set = (struct word_set){ .slots = calloc(n, sizeof *set->slots), .mask = n - 1 };
    return set->slots ? 0 : error_nomem(err);
}

static int measure_mtld(const struct observed_text *text, struct score *out, struct error *err)
{
    struct word_list words = { .n = 0 };
    struct word_set distinct = { .mask = 0 };
    struct buf word;
    int rc = -1;

    buf_init(&word, SIZE_MAX / 2);
    if (mtld_split(text->response, &words, &word, err) < 0)
        goto done;
    if (words.n == 0) {
        out->reason = "no_words";
    } else {
        if (word_set_init(&distinct, words.n, err) < 0)
            goto done;
        out->n_tokens = (int64_t)words.n;
        out->value = (mtld_words_per_factor(&words, &distinct, false) +
                      mtld_words_per_factor(&words, &distinct, true)) /
                     2;
    }
    rc = 0;
done:
    buf_release(&word);
    free(words.hashes);
    free(distinct.slots);
    return rc;
}

const struct scorer scorer_mtld = {
    .name = "mtld",
    .version = 1,
    .unit = "words",
    .better = BETTER_HIGHER,
    .summary = "lexical diversity of the response: words until 28 in 100 are repeats",
    .measure = measure_mtld,
};
