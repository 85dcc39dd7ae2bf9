/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/duplicates/contamination_private.h"

enum { SLOTS_LEAST = 1024 };

const struct contamination_preset contamination_presets[] = {
    { "default",
      "8 words; more than half of a prompt, 30 words in a row, or a whole answer",
      { .ngram = 8, .covered = .5, .longest = 30, .answers = true } },
    { "tulu3",
      "8 words; more than half of a prompt",
      { .ngram = 8, .covered = .5, .longest = 0, .answers = false } },
    { "gpt3",
      "13 words; any 13 words in a row of a prompt or an answer",
      { .ngram = 13, .covered = 1, .longest = 13, .answers = true } },
    { "llama2",
      "10 words; more than 80 % of a prompt",
      { .ngram = 10, .covered = .8, .longest = 0, .answers = false } },
    { "datatrove",
      "12 words; any 12 words in a row of a prompt or an answer",
      { .ngram = 12, .covered = 1, .longest = 12, .answers = true } },
    { .name = NULL },
};

int contamination_index_new(const struct contamination_rule *rule,
                            struct contamination_index **out, struct error *err)
{
    struct contamination_index *index = calloc(1, sizeof *index);

    if (!index)
        return error_nomem(err);
    index->rule = *rule;
    if (word_reader_new(false, &index->reader, err) < 0) {
        free(index);
        return -1;
    }
    *out = index;
    return 0;
}

void contamination_index_free(struct contamination_index *index)
{
    if (!index)
        return;
    word_reader_free(index->reader);
    free(index->parts);
    free(index->grams);
    free(index->gram_part);
    free(index->bytes);
    free(index->word_starts);
    free(index->next);
    free(index->slots);
    free(index->checkable);
    free(index);
}

size_t contamination_count_grams(uint32_t n_words, bool of_answer, unsigned ngram)
{
    if (n_words < (of_answer ? CONTAMINATION_ANSWER_WORDS : CONTAMINATION_PROMPT_WORDS))
        return 0;
    return n_words < ngram ? 1 : n_words - ngram + 1;
}

/* Make room for n more elements of `size` bytes in *array, which holds `used`. */
static int grow_items(void *array, size_t used, size_t *cap, size_t n, size_t size,
                      struct error *err)
{
    void **place = array;

    if (n <= *cap - used)
        return 0;
    const size_t wanted = used + n > 2 * *cap ? used + n : 2 * *cap;
    void *wider = reallocarray(*place, wanted, size);
    if (!wider)
        return error_nomem(err);
    *place = wider;
    *cap = wanted;
    return 0;
}

/* Add a part and make room for its n-grams. */
static int add_index_part(struct contamination_index *index, uint32_t n_words,
                          struct part **out, struct error *err)
{
    const bool of_answer = index->n_parts % 2 == 1;
    const size_t n_grams = contamination_count_grams(n_words, of_answer, index->rule.ngram);
    size_t cap = index->grams_cap;

    if (n_grams > SLOT_COMMON - 1 - index->n_grams)
        return error_set(err, ERR_INPUT, "there are too many words: 2^31 n-grams at most");
    if (grow_items(&index->parts, index->n_parts, &index->parts_cap, 1, sizeof *index->parts,
                   err) < 0 ||
        grow_items(&index->grams, index->n_grams, &cap, n_grams, sizeof *index->grams, err) <
            0 ||
        grow_items(&index->gram_part, index->n_grams, &index->grams_cap, n_grams,
                   sizeof *index->gram_part, err) < 0)
        return -1;
    *out = &index->parts[index->n_parts];
    **out = (struct part){ .item = (uint32_t)(index->n_parts / 2),
                           .of_answer = of_answer,
                           .n_words = n_words,
                           .first_gram = (uint32_t)index->n_grams,
                           .n_grams = (uint32_t)n_grams,
                           .first_word = index->n_starts };
    for (size_t i = 0; i < n_grams; i++)
        index->gram_part[index->n_grams + i] = (uint32_t)index->n_parts;
    index->n_parts++;
    index->n_grams += n_grams;
    return 0;
}

/* Keep the words of the part that was added last. */
static int add_part_words(struct contamination_index *index, const struct word_list *list,
                          struct error *err)
{
    if (grow_items(&index->bytes, index->n_bytes, &index->bytes_cap, list->bytes.len + 1, 1,
                   err) < 0 ||
        grow_items(&index->word_starts, index->n_starts, &index->starts_cap, list->n + 1,
                   sizeof *index->word_starts, err) < 0)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        const struct slice word = words_run(list, i, 1);

        index->word_starts[index->n_starts++] = index->n_bytes;
        memcpy(index->bytes + index->n_bytes, word.ptr, word.len);
        index->n_bytes += word.len;
        index->bytes[index->n_bytes++] = WORD_SEPARATOR;
    }
    index->word_starts[index->n_starts++] = index->n_bytes;
    return 0;
}

static int add_part_text(struct contamination_index *index, struct slice text,
                         struct error *err)
{
    struct word_list list = { .n = 0 };
    struct part *part = NULL;

    if (text.ptr && word_reader_split(index->reader, text, &list, err) < 0)
        return -1;
    if (list.n > UINT32_MAX)
        return error_set(err, ERR_INPUT, "a text has too many words: 2^32 at most");
    if (add_index_part(index, (uint32_t)list.n, &part, err) < 0)
        return -1;
    const size_t n = part->n_words < index->rule.ngram ? part->n_words : index->rule.ngram;
    for (size_t i = 0; i < part->n_grams; i++)
        index->grams[part->first_gram + i] = hash_u64(words_run(&list, i, n));
    return add_part_words(index, &list, err);
}

int contamination_index_add(struct contamination_index *index, struct slice prompt,
                            struct slice answer, struct error *err)
{
    index->has_texts = true;
    if (add_part_text(index, prompt, err) < 0)
        return -1;
    return add_part_text(index, answer, err);
}

int contamination_index_add_hashes(struct contamination_index *index,
                                   const struct contamination_hashes *prompt,
                                   const struct contamination_hashes *answer, struct error *err)
{
    const struct contamination_hashes *const sides[] = { prompt, answer };
    struct part *part = NULL;

    for (size_t i = 0; i < 2; i++) {
        if (add_index_part(index, sides[i]->n_words, &part, err) < 0)
            return -1;
        if (part->n_grams > 0)
            memcpy(index->grams + part->first_gram, sides[i]->grams,
                   part->n_grams * sizeof *index->grams);
    }
    return 0;
}

/* Does the chain that begins with this n-gram hold enough places of the part? Those of a part
 * lie side by side. */
static bool has_places(const struct contamination_index *index, uint32_t gram, uint32_t part)
{
    size_t n = 0;

    while (gram != UINT32_MAX && index->gram_part[gram] == part &&
           n < CONTAMINATION_ITEM_PLACES) {
        gram = index->next[gram];
        n++;
    }
    return n == CONTAMINATION_ITEM_PLACES;
}

static void insert_gram(struct contamination_index *index, uint32_t gram)
{
    size_t at = (size_t)(index->grams[gram] >> 20) & index->mask;

    while (index->slots[at] != 0 && index->grams[index->slots[at] - 1] != index->grams[gram])
        at = (at + 1) & index->mask;
    const uint32_t first = index->slots[at] == 0 ? UINT32_MAX : index->slots[at] - 1;
    if (has_places(index, first, index->gram_part[gram]))
        return;
    index->next[gram] = first;
    index->slots[at] = gram + 1;
}

/* Does the chain that begins with this n-gram belong to too many items? Those of an item lie
 * side by side. */
static bool is_common(const struct contamination_index *index, uint32_t gram)
{
    uint32_t last_item = UINT32_MAX;
    size_t n_items = 0;

    for (; gram != UINT32_MAX && n_items <= CONTAMINATION_COMMON_ITEMS;
         gram = index->next[gram]) {
        const uint32_t item = index->parts[index->gram_part[gram]].item;

        n_items += item != last_item;
        last_item = item;
    }
    return n_items > CONTAMINATION_COMMON_ITEMS;
}

static bool is_looked_for(const struct contamination_index *index, const struct part *part)
{
    return part->n_grams > 0 && (index->rule.answers || !part->of_answer);
}

/* Find the items with an n-gram that is not common. */
static void find_checkable(struct contamination_index *index)
{
    for (size_t p = 0; p < index->n_parts; p++) {
        const struct part *part = &index->parts[p];

        if (!is_looked_for(index, part))
            continue;
        for (uint32_t i = 0; i < part->n_grams; i++)
            if (!(contamination_slot(index, index->grams[part->first_gram + i]) & SLOT_COMMON))
                index->checkable[part->item] = 1;
    }
}

static int make_table(struct contamination_index *index, struct error *err)
{
    size_t n_slots = SLOTS_LEAST;

    while (n_slots < 2 * index->n_grams)
        n_slots *= 2;
    index->mask = n_slots - 1;
    index->slots = calloc(n_slots, sizeof *index->slots);
    index->next = calloc(index->n_grams + 1, sizeof *index->next);
    index->checkable = calloc(index->n_parts / 2 + 1, 1);
    return index->slots && index->next && index->checkable ? 0 : error_nomem(err);
}

int contamination_index_finish(struct contamination_index *index, struct error *err)
{
    if (make_table(index, err) < 0)
        return -1;
    for (size_t p = 0; p < index->n_parts; p++) {
        const struct part *part = &index->parts[p];

        if (!is_looked_for(index, part))
            continue;
        if (part->n_words < index->rule.ngram)
            index->lengths |= UINT64_C(1) << part->n_words;
        for (uint32_t i = 0; i < part->n_grams; i++)
            insert_gram(index, part->first_gram + i);
    }
    for (size_t i = 0; i <= index->mask; i++) {
        if (index->slots[i] == 0 || !is_common(index, index->slots[i] - 1))
            continue;
        index->slots[i] |= SLOT_COMMON;
        index->n_common++;
    }
    find_checkable(index);
    return 0;
}

struct contamination_counts contamination_index_counts(const struct contamination_index *index)
{
    struct contamination_counts counts = { .n_items = index->n_parts / 2,
                                           .n_common = index->n_common,
                                           .n_grams = index->n_grams };

    for (size_t i = 0; index->checkable && i < counts.n_items; i++)
        counts.n_not_checkable += !index->checkable[i];
    counts.n_bytes = index->parts_cap * sizeof *index->parts +
                     index->grams_cap * (sizeof *index->grams + sizeof *index->gram_part) +
                     index->n_grams * sizeof *index->next + index->bytes_cap +
                     index->starts_cap * sizeof *index->word_starts +
                     (index->slots ? (index->mask + 1) * sizeof *index->slots : 0);
    return counts;
}

bool contamination_index_checkable(const struct contamination_index *index, size_t item)
{
    return index->checkable[item];
}

struct contamination_hashes contamination_index_hashes(const struct contamination_index *index,
                                                       size_t item, bool of_answer)
{
    const struct part *part = &index->parts[2 * item + of_answer];

    return (struct contamination_hashes){ .n_words = part->n_words,
                                          .grams = part->n_grams > 0
                                                       ? &index->grams[part->first_gram]
                                                       : NULL,
                                          .n = part->n_grams };
}

/* Write a number as 8 bytes, the lowest first, so that digests are the same everywhere. */
static int digest_number(struct digest *digest, uint64_t number, struct error *err)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
    return digest_add(digest, bytes, sizeof bytes, err);
}

static int digest_parts(struct digest *digest, const struct contamination_index *index,
                        struct error *err)
{
    if (digest_number(digest, CONTAMINATION_VERSION, err) < 0 ||
        digest_number(digest, WORDS_VERSION, err) < 0 ||
        digest_number(digest, index->rule.ngram, err) < 0)
        return -1;
    for (size_t p = 0; p < index->n_parts; p++) {
        const struct part *part = &index->parts[p];

        if (digest_number(digest, part->n_words, err) < 0)
            return -1;
        for (uint32_t i = 0; i < part->n_grams; i++)
            if (digest_number(digest, index->grams[part->first_gram + i], err) < 0)
                return -1;
    }
    return 0;
}

int contamination_index_digest(const struct contamination_index *index,
                               uint8_t out[DIGEST_BYTES], struct error *err)
{
    struct digest *digest = NULL;
    int rc = -1;

    if (digest_new(&digest, err) < 0)
        return -1;
    if (digest_parts(digest, index, err) == 0)
        rc = digest_end(digest, out, err);
    digest_free(digest);
    return rc;
}
