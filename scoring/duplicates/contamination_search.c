/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/duplicates/contamination_private.h"

struct contamination_search {
    struct word_reader *reader;
    struct lookup *lookups;
    size_t n;
    unsigned ngram;
    uint64_t lengths; /* of all indexes */
    /* A bit for each hash of an n-gram that is looked for, so that most words of a text need
     * one look into a small table. */
    uint64_t *bits;
    size_t bits_mask;
    /* Of the text that is being searched: */
    const struct contamination_text *text;
    uint32_t text_number; /* in the sample */
    struct word_list list;
    uint64_t *grams;
    size_t grams_cap;
};

static bool test_bit(const struct contamination_search *search, uint64_t hash)
{
    const size_t bit = (size_t)(hash & search->bits_mask);

    return search->bits[bit / 64] >> bit % 64 & 1;
}

static void mark_hashes(struct contamination_search *search,
                        const struct contamination_index *index)
{
    for (size_t i = 0; i <= index->mask; i++) {
        if (index->slots[i] == 0 || index->slots[i] & SLOT_COMMON)
            continue;
        const size_t bit = (size_t)(index->grams[index->slots[i] - 1] & search->bits_mask);
        search->bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

static int make_bits(struct contamination_search *search, struct error *err)
{
    enum { BITS_LEAST = 1 << 16, BITS_OF_GRAM = 16 };
    size_t n_bits = BITS_LEAST;
    size_t n_grams = 0;

    for (size_t i = 0; i < search->n; i++)
        n_grams += search->lookups[i].index->n_grams;
    while (n_bits < n_grams * BITS_OF_GRAM)
        n_bits *= 2;
    search->bits_mask = n_bits - 1;
    search->bits = calloc(n_bits / 64, sizeof *search->bits);
    if (!search->bits)
        return error_nomem(err);
    for (size_t i = 0; i < search->n; i++)
        mark_hashes(search, search->lookups[i].index);
    return 0;
}

static int make_lookup(struct lookup *lookup, const struct contamination_index *index,
                       struct error *err)
{
    size_t most_words = 0;

    for (size_t i = 0; i < index->n_parts; i++)
        if (index->parts[i].n_words > most_words)
            most_words = index->parts[i].n_words;
    lookup->index = index;
    lookup->last_span = calloc(index->n_parts + 1, sizeof *lookup->last_span);
    lookup->parts = calloc(index->n_parts + 1, sizeof *lookup->parts);
    lookup->n_seen = calloc(index->n_grams + 1, 1);
    lookup->is_covered = calloc(most_words + 1, 1);
    return lookup->last_span && lookup->parts && lookup->n_seen && lookup->is_covered
               ? 0
               : error_nomem(err);
}

int contamination_search_new(const struct contamination_index *const *indexes, size_t n,
                             struct contamination_search **out, struct error *err)
{
    struct contamination_search *search = calloc(1, sizeof *search);
    int rc = -1;

    if (!search)
        return error_nomem(err);
    search->lookups = calloc(n + 1, sizeof *search->lookups);
    if (!search->lookups) {
        free(search);
        return error_nomem(err);
    }
    search->n = n;
    rc = word_reader_new(false, &search->reader, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        search->ngram = indexes[i]->rule.ngram;
        search->lengths |= indexes[i]->lengths;
        rc = make_lookup(&search->lookups[i], indexes[i], err);
    }
    if (rc == 0)
        rc = make_bits(search, err);
    if (rc < 0) {
        contamination_search_free(search);
        return -1;
    }
    *out = search;
    return 0;
}

void contamination_search_free(struct contamination_search *search)
{
    if (!search)
        return;
    for (size_t i = 0; i < search->n; i++) {
        struct lookup *lookup = &search->lookups[i];

        free(lookup->last_span);
        free(lookup->n_seen);
        free(lookup->parts);
        free(lookup->seen);
        free(lookup->found);
        free(lookup->spans);
        free(lookup->hits);
        free(lookup->is_covered);
    }
    word_reader_free(search->reader);
    free(search->lookups);
    free(search->bits);
    free(search->grams);
    free(search);
}

/* Are n words of the text, from i on, those of the part from p on? */
static bool same_words(const struct contamination_index *index, const struct part *part,
                       const struct word_list *list, size_t i, size_t p, size_t n)
{
    const size_t *starts = index->word_starts + part->first_word;
    const struct slice run = words_run(list, i, n);

    return slice_equal(run, slice_of(index->bytes + starts[p], starts[p + n] - 1 - starts[p]));
}

/* Have the text at i and the part at p the same n-gram? */
static bool same_gram(const struct contamination_search *search,
                      const struct contamination_index *index, const struct part *part,
                      size_t i, size_t p)
{
    return search->grams[i] == index->grams[part->first_gram + p];
}

/* Extend n common words, the text's from *i and the part's from *p, to both sides. */
static void extend(const struct contamination_search *search,
                   const struct contamination_index *index, const struct part *part, size_t *i,
                   size_t *p, size_t *n)
{
    const struct word_list *list = &search->list;

    while (*i > 0 && *p > 0 &&
           (index->has_texts ? same_words(index, part, list, *i - 1, *p - 1, 1)
                             : same_gram(search, index, part, *i - 1, *p - 1))) {
        --*i;
        --*p;
        ++*n;
    }
    while (*i + *n < list->n && *p + *n < part->n_words &&
           (index->has_texts ? same_words(index, part, list, *i + *n, *p + *n, 1)
                             : same_gram(search, index, part, *i + *n + 1 - search->ngram,
                                         *p + *n + 1 - search->ngram)))
        ++*n;
}

/* Does a span of this part hold these n words already? */
static bool is_known(const struct lookup *lookup, uint32_t part, uint32_t text, size_t i,
                     size_t p, size_t n)
{
    uint32_t number = lookup->last_span[part];

    while (number > 0) {
        const struct found_span *found = &lookup->found[number - 1];

        if (found->text != text)
            return false;
        if (found->word + p == found->span.item_word + i && found->word <= i &&
            i + n <= found->word + found->span.n_words)
            return true;
        number = found->earlier;
    }
    return false;
}

static int add_found_span(struct lookup *lookup, uint32_t number, const struct found_span *span,
                          struct error *err)
{
    if (contamination_grow(&lookup->found, lookup->n_found, &lookup->found_cap,
                           sizeof *lookup->found, err) < 0)
        return -1;
    if (lookup->last_span[number] == 0)
        lookup->parts[lookup->n_parts++] = number;
    lookup->found[lookup->n_found] = *span;
    lookup->found[lookup->n_found].earlier = lookup->last_span[number];
    lookup->last_span[number] = (uint32_t)++lookup->n_found;
    return 0;
}

/* The n words of the text from i on may be the n-gram `gram` of the index: add the span. */
static int add_gram_place(struct contamination_search *search, struct lookup *lookup,
                          uint32_t gram, size_t i, size_t n, struct error *err)
{
    const struct contamination_text *text = search->text;
    const struct contamination_index *index = lookup->index;
    const uint32_t number = index->gram_part[gram];
    const struct part *part = &index->parts[number];
    size_t p = gram - part->first_gram;

    if (!(part->of_answer ? text->for_answers : text->for_prompts) ||
        (part->n_words < search->ngram ? part->n_words != n : n != search->ngram) ||
        is_known(lookup, number, search->text_number, i, p, n) ||
        (index->has_texts && !same_words(index, part, &search->list, i, p, n)))
        return 0;
    if (n == search->ngram)
        extend(search, index, part, &i, &p, &n);
    const struct found_span found = {
        .span = { .turn = text->turn,
                  .start = search->list.words[i].text_start,
                  .end = search->list.words[i + n - 1].text_end,
                  .of_answer = part->of_answer,
                  .item_word = (uint32_t)p,
                  .n_words = (uint32_t)n },
        .part = number,
        .text = search->text_number,
        .word = (uint32_t)i,
    };
    return add_found_span(lookup, number, &found, err);
}

/* Count the place of an n-gram in the sample. Returns 1 if it is to be looked at; 0; -1. */
static int count_place(struct lookup *lookup, uint32_t gram, struct error *err)
{
    if (lookup->n_seen[gram] == CONTAMINATION_SAMPLE_PLACES)
        return 0;
    if (lookup->n_seen[gram] == 0) {
        if (contamination_grow(&lookup->seen, lookup->n_seen_grams, &lookup->seen_cap,
                               sizeof *lookup->seen, err) < 0)
            return -1;
        lookup->seen[lookup->n_seen_grams++] = gram;
    }
    lookup->n_seen[gram]++;
    return 1;
}

/* Look up n words of the text, from i on. */
static int look_up(struct contamination_search *search, uint64_t hash, size_t i, size_t n,
                   struct error *err)
{
    for (size_t k = 0; k < search->n; k++) {
        struct lookup *lookup = &search->lookups[k];
        const uint32_t slot = contamination_slot(lookup->index, hash);

        if (slot == 0 || slot & SLOT_COMMON)
            continue;
        const int rc = count_place(lookup, slot - 1, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        for (uint32_t gram = slot - 1; gram != UINT32_MAX; gram = lookup->index->next[gram])
            if (add_gram_place(search, lookup, gram, i, n, err) < 0)
                return -1;
    }
    return 0;
}

/* Look up the runs of fewer words than an n-gram that begin at word i. */
static int look_up_short(struct contamination_search *search, size_t i, struct error *err)
{
    for (size_t n = CONTAMINATION_PROMPT_WORDS; n < search->ngram; n++) {
        if (!(search->lengths >> n & 1) || i + n > search->list.n)
            continue;
        const uint64_t hash = hash_u64(words_run(&search->list, i, n));
        if (test_bit(search, hash) && look_up(search, hash, i, n, err) < 0)
            return -1;
    }
    return 0;
}

static int search_text(struct contamination_search *search,
                       const struct contamination_text *text, uint32_t number,
                       struct error *err)
{
    struct word_list *list = &search->list;

    search->text = text;
    search->text_number = number;
    if (word_reader_split(search->reader, text->text, list, err) < 0)
        return -1;
    const size_t n_grams = list->n < search->ngram ? 0 : list->n - search->ngram + 1;
    if (n_grams > search->grams_cap) {
        free(search->grams);
        search->grams_cap = 0;
        search->grams = malloc(2 * n_grams * sizeof *search->grams);
        if (!search->grams)
            return error_nomem(err);
        search->grams_cap = 2 * n_grams;
    }
    for (size_t i = 0; i < n_grams; i++)
        search->grams[i] = hash_u64(words_run(list, i, search->ngram));
    for (size_t i = 0; i < n_grams; i++)
        if (test_bit(search, search->grams[i]) &&
            look_up(search, search->grams[i], i, search->ngram, err) < 0)
            return -1;
    for (size_t i = 0; search->lengths != 0 && i < list->n; i++)
        if (look_up_short(search, i, err) < 0)
            return -1;
    return 0;
}

/* Forget what was found in a sample. */
static void clear_lookup(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->n_parts; i++)
        lookup->last_span[lookup->parts[i]] = 0;
    for (size_t i = 0; i < lookup->n_seen_grams; i++)
        lookup->n_seen[lookup->seen[i]] = 0;
    lookup->n_parts = 0;
    lookup->n_seen_grams = 0;
    lookup->n_found = 0;
}

int contamination_search_run(struct contamination_search *search,
                             const struct contamination_text *texts, size_t n,
                             struct contamination_found *out, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; i < search->n; i++)
        clear_lookup(&search->lookups[i]);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = search_text(search, &texts[i], (uint32_t)i, err);
    for (size_t i = 0; rc == 0 && i < search->n; i++)
        rc = contamination_make_hits(&search->lookups[i], &out[i], err);
    return rc;
}
