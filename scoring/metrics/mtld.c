/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measure of textual lexical diversity: how many words it takes, on the mean, until the share
 * of different ones has fallen to 0.72. As the program LexicalRichness counts it, one of the
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

/* Words by their hashes. */
struct words {
    uint64_t *hashes;
    size_t n;
    size_t cap;
};

/* The words met since the last clear(): a slot of another round counts as empty. */
struct met {
    struct slot {
        uint64_t hash;
        size_t round;
    } * slots;
    size_t mask;
    size_t round;
};

static int add_word(struct words *words, struct buf *word, struct error *err)
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

/* Digits and dashes are taken out of words, other punctuation of ASCII parts them. */
static bool is_left_out(uint32_t code)
{
    return (code >= '0' && code <= '9') || code == '-' || code == EN_DASH || code == EM_DASH;
}

static bool parts_words(uint32_t code)
{
    return utf8_is_space(code) || (code > ' ' && code < '0') || (code > '9' && code < 'A') ||
           (code > 'Z' && code < 'a') || (code > 'z' && code < 0x7f);
}

static int split(struct slice text, struct words *words, struct buf *word, struct error *err)
{
    size_t len;

    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        char lower[4];

        if (is_left_out(code))
            continue;
        if (parts_words(code)) {
            if (add_word(words, word, err) < 0)
                return -1;
        } else if (buf_add(word, lower, utf8_put(utf8_lower(code), lower), err) < 0) {
            return -1;
        }
    }
    return add_word(words, word, err);
}

/* Whether the word is a new one. */
static bool meet(struct met *met, uint64_t hash)
{
    size_t i = hash & met->mask;

    for (; met->slots[i].round == met->round; i = (i + 1) & met->mask)
        if (met->slots[i].hash == hash)
            return false;
    met->slots[i] = (struct slot){ hash, met->round };
    return true;
}

/* Words a factor, from the first to the last word or the other way. */
static double pass(const struct words *words, struct met *met, bool backwards)
{
    double factors = 0, share = 1;
    size_t n_types = 0, n_tokens = 0;

    met->round++;
    for (size_t i = 0; i < words->n; i++) {
        n_types += meet(met, words->hashes[backwards ? words->n - 1 - i : i]);
        n_tokens++;
        share = (double)n_types / (double)n_tokens;
        if (share <= threshold) {
            factors++;
            n_types = n_tokens = 0;
            met->round++;
        }
    }
    if (n_tokens > 0)
        factors += (1 - share) / (1 - threshold);
    return (double)words->n / (factors > 0 ? factors : 1); /* all words are different */
}

static int met_init(struct met *met, size_t n_words, struct error *err)
{
    size_t n = 16;

    while (n < 2 * n_words)
        n *= 2;
    *met = (struct met){ .slots = calloc(n, sizeof *met->slots), .mask = n - 1 };
    return met->slots ? 0 : error_nomem(err);
}

static int measure_mtld(const struct observed_text *text, struct score *out, struct error *err)
{
    struct words words = { .n = 0 };
    struct met met = { .mask = 0 };
    struct buf word;
    int rc = -1;

    buf_init(&word, SIZE_MAX / 2);
    if (split(text->response, &words, &word, err) < 0)
        goto done;
    if (words.n == 0) {
        out->reason = "no_words";
    } else {
        if (met_init(&met, words.n, err) < 0)
            goto done;
        out->n_tokens = (int64_t)words.n;
        out->value = (pass(&words, &met, false) + pass(&words, &met, true)) / 2;
    }
    rc = 0;
done:
    buf_release(&word);
    free(words.hashes);
    free(met.slots);
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
