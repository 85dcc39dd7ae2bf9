/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contamination_private.h - the index of contamination.h, for its searches.
 *
 * Each prompt and each answer is a part. The n-grams of all parts are numbered in the order of
 * the items. The n-grams of one hash form a chain, the last one first. A slot of the table
 * holds the number of the first of a chain, plus one.
 */
#ifndef CURATE_CONTAMINATION_PRIVATE_H
#define CURATE_CONTAMINATION_PRIVATE_H

#include "scoring/duplicates/contamination.h"
#include "scoring/duplicates/words.h"

enum {
    CONTAMINATION_COMMON_ITEMS = 10,
    CONTAMINATION_ITEM_PLACES = 16,
    CONTAMINATION_SAMPLE_PLACES = 64,
};

/* Bit of a slot: the n-grams of its chain are common. */
#define SLOT_COMMON 0x80000000U

struct part {
    uint32_t item;
    bool of_answer;
    uint32_t n_words;
    uint32_t first_gram;
    uint32_t n_grams;
    size_t first_word; /* in word_starts; of an index with texts */
};

struct contamination_index {
    struct contamination_rule rule;
    struct word_reader *reader;
    bool has_texts;
    struct part *parts; /* part 2 * i is the prompt of item i, part 2 * i + 1 its answer */
    size_t n_parts;
    size_t parts_cap;
    uint64_t *grams;
    uint32_t *gram_part;
    size_t n_grams;
    size_t grams_cap;
    char *bytes; /* the words of all parts, each followed by WORD_SEPARATOR */
    size_t n_bytes;
    size_t bytes_cap;
    size_t *word_starts; /* in bytes: of all words of all parts, and of the end of each part */
    size_t n_starts;
    size_t starts_cap;
    /* Made by contamination_index_finish(): */
    uint32_t *next; /* in the chain; UINT32_MAX: none */
    uint32_t *slots;
    size_t mask;        /* number of slots, a power of two, minus one */
    uint64_t lengths;   /* bit L: a part of L words, fewer than an n-gram, is looked for */
    uint8_t *checkable; /* for each item */
    size_t n_common;
};

/* The slot of a hash: its number plus one and perhaps SLOT_COMMON; 0: no n-gram has it. */
static inline uint32_t contamination_slot(const struct contamination_index *index,
                                          uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) & index->mask;

    while (index->slots[at] != 0 && index->grams[(index->slots[at] & ~SLOT_COMMON) - 1] != hash)
        at = (at + 1) & index->mask;
    return index->slots[at];
}

/* A span as it is found. */
struct found_span {
    struct contamination_span span;
    uint32_t part;
    uint32_t text;    /* number of the text in the sample */
    uint32_t word;    /* where it begins in the text */
    uint32_t earlier; /* the span of the same part that was found before, plus one; 0: none */
    bool is_inside;   /* in the longest one of its text */
};

/* The state of a search in one index. */
struct lookup {
    const struct contamination_index *index;
    uint32_t *last_span; /* for each part: number of its last span, plus one; 0: none */
    uint8_t *n_seen;     /* for the first n-gram of each chain: places in the sample */
    uint32_t *parts;     /* those with spans */
    size_t n_parts;
    uint32_t *seen; /* n-grams with n_seen above 0 */
    size_t n_seen_grams;
    size_t seen_cap;
    struct found_span *found;
    size_t n_found;
    size_t found_cap;
    struct contamination_span *spans; /* those that are returned */
    size_t spans_cap;
    size_t n_spans;
    struct contamination_hit *hits;
    size_t hits_cap;
    size_t n_hits;
    uint8_t *is_covered; /* for each word of the longest prompt; all 0 between two hits */
};

/* Make room for one more element of `size` bytes in *array, which holds `used`. */
int contamination_grow(void *array, size_t used, size_t *cap, size_t size, struct error *err);

/* contamination_hits.c: make hits of the spans that were found in a sample. */
int contamination_make_hits(struct lookup *lookup, struct contamination_found *out,
                            struct error *err);

/* The bytes of the words i to i + n - 1 of a list. */
static inline struct slice words_run(const struct word_list *list, size_t i, size_t n)
{
    const struct word *first = &list->words[i];
    const struct word *last = &list->words[i + n - 1];

    return slice_of(list->bytes.ptr + first->start, last->start + last->len - first->start);
}

#endif
