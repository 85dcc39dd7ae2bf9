/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contamination.h - find the prompts and answers of an evaluation in the texts of samples.
 *
 * Texts are compared by their words (words.h). An index holds the n-grams of the items of one
 * evaluation: all runs of n words of a prompt or an answer. A search looks for them in a text.
 * Where one is found, it is extended word by word to a span: a run of words that the text and
 * the item have in common, and that neither end can be extended.
 *
 *   - A prompt or an answer with fewer than n words is only found whole: a prompt of at least
 *     4 words, an answer of at least 8. Shorter ones are not looked for.
 *   - An n-gram that occurs in more than 10 items is common: it is no evidence by itself. A
 *     span may still extend across it.
 *   - Of an n-gram that one item repeats, the first 16 places are looked for; of one that a
 *     sample repeats, the first 64 places are looked at. This bounds the time, and can only
 *     shorten a span all of whose n-grams are repeated that often.
 *
 * An index of hashes alone, without texts, finds the same spans. Only if two n-grams had the
 * same 64-bit hash would it find more.
 *
 * Functions return 0, or -1 with err set: ERR_NOMEM, unless the comment says otherwise.
 */
#ifndef CURATE_CONTAMINATION_H
#define CURATE_CONTAMINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/slice.h"

struct error;

enum {
    CONTAMINATION_VERSION = 1, /* of the rules above; part of the stored parameters */
    CONTAMINATION_PROMPT_WORDS = 4,
    CONTAMINATION_ANSWER_WORDS = 8,
    CONTAMINATION_NGRAM_LEAST = 5,
    CONTAMINATION_NGRAM_MOST = 64,
};

/* When a sample is flagged for an item: by any of these, or if the whole prompt is found. */
struct contamination_rule {
    unsigned ngram;   /* words of an n-gram */
    double covered;   /* more than this share of the prompt's words lies in spans */
    unsigned longest; /* a span has at least this many words; 0: not used */
    bool answers;     /* the whole answer is found. False: answers are not looked for */
};

struct contamination_preset {
    const char *name;
    const char *summary;
    struct contamination_rule rule;
};
/* All presets; the name of the last one is NULL. The first one is the default. */
extern const struct contamination_preset contamination_presets[];

/* A prompt or an answer by hashes: those of its n-grams in order; one of all its words if it
 * has fewer than n; none if it is too short to be looked for. */
struct contamination_hashes {
    uint32_t n_words;
    const uint64_t *grams;
    size_t n;
};
/* How many hashes a text of so many words has. */
size_t contamination_count_grams(uint32_t n_words, bool of_answer, unsigned ngram);

struct contamination_index;
int contamination_index_new(const struct contamination_rule *rule,
                            struct contamination_index **out, struct error *err);
void contamination_index_free(struct contamination_index *index);
/* Add the next item by its texts, which are valid UTF-8; ptr NULL: it has none. ERR_INPUT for a
 * text of 1 GiB or more, and when the index would hold 2^31 n-grams. */
int contamination_index_add(struct contamination_index *index, struct slice prompt,
                            struct slice answer, struct error *err);
/* Add the next item by hashes, whose number must be that of contamination_count_grams(). */
int contamination_index_add_hashes(struct contamination_index *index,
                                   const struct contamination_hashes *prompt,
                                   const struct contamination_hashes *answer,
                                   struct error *err);
/* Call it once, after the last item and before a search. */
int contamination_index_finish(struct contamination_index *index, struct error *err);

struct contamination_counts {
    size_t n_items;
    size_t n_not_checkable; /* items with nothing to look for: too short, or common n-grams */
    size_t n_common;        /* different n-grams that are common */
    size_t n_grams;
    size_t n_bytes; /* memory of the index */
};
struct contamination_counts contamination_index_counts(const struct contamination_index *index);
bool contamination_index_checkable(const struct contamination_index *index, size_t item);
/* The hashes of an item, valid until the index is freed or an item is added. */
struct contamination_hashes contamination_index_hashes(const struct contamination_index *index,
                                                       size_t item, bool of_answer);
/* A digest of the hashes of all items, which is the same for an index of texts. */
int contamination_index_digest(const struct contamination_index *index,
                               uint8_t out[DIGEST_BYTES], struct error *err);

/* A text of a sample: where it is, and what is looked for in it. */
struct contamination_text {
    struct slice text; /* valid UTF-8 */
    int64_t turn;      /* -1: the context */
    bool for_prompts;
    bool for_answers;
};

struct contamination_span {
    int64_t turn;
    uint64_t start; /* bytes of the text */
    uint64_t end;
    bool of_answer;     /* else of the item's prompt */
    uint32_t item_word; /* where it begins in the item */
    uint32_t n_words;
};

struct contamination_hit {
    uint32_t item;
    double covered; /* share of the prompt's words that lie in spans */
    uint32_t longest;
    bool answer_whole;
    bool flagged;
    size_t first_span;
    size_t n_spans;
};

/* What was found of one evaluation in one sample. Hits are ordered by item; the spans of a hit
 * by prompt or answer, text, place. A span that lies inside the longest one of its text, on
 * both sides, is left out. */
struct contamination_found {
    double covered; /* the most of any hit; 0: no hit */
    uint32_t longest;
    bool flagged;
    const struct contamination_hit *hits;
    size_t n_hits;
    const struct contamination_span *spans;
};

/* Searches texts for the items of several indexes, which must be finished and have n-grams of
 * the same length. Each thread needs a search of its own; they share the indexes. */
struct contamination_search;
int contamination_search_new(const struct contamination_index *const *indexes, size_t n,
                             struct contamination_search **out, struct error *err);
void contamination_search_free(struct contamination_search *search);
/* Search all texts of one sample. out[i] is about indexes[i], and valid until the next call.
 * ERR_INPUT for a text of 1 GiB or more. */
int contamination_search_run(struct contamination_search *search,
                             const struct contamination_text *texts, size_t n,
                             struct contamination_found *out, struct error *err);

#endif
