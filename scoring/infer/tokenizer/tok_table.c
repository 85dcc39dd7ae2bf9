/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/tok_table.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/infer/tokenizer/tokenizer.h"

enum {
    /* Tables are at most half full; 4 million random keys then stay under 100 probes. */
    PROBES_MAX = 512,
};

struct text_slot {
    uint32_t tag; /* low half of the hash: avoids most comparisons of texts */
    int32_t id;
};

struct pair_slot {
    int32_t left; /* TOKEN_NONE: empty */
    int32_t right;
    struct merge merge;
};

/* Bits of the smallest table with at least 2 * n slots. */
static unsigned bits_for(size_t n)
{
    unsigned bits = 4;

    while (bits < 40 && ((size_t)1 << bits) / 2 < n)
        bits++;
    return bits;
}

static int too_many_probes(struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "more than %d entries of the vocabulary have the same hash: the file was "
                     "made to slow down look-ups",
                     PROBES_MAX);
}

int text_table_init(struct text_table *table, size_t n, struct error *err)
{
    table->bits = bits_for(n);
    const size_t n_slots = (size_t)1 << table->bits;
    table->slots = malloc(n_slots * sizeof *table->slots);
    if (!table->slots)
        return error_nomem(err);
    for (size_t i = 0; i < n_slots; i++)
        table->slots[i] = (struct text_slot){ 0, TOKEN_NONE };
    return 0;
}

void text_table_release(struct text_table *table)
{
    free(table->slots);
    *table = (struct text_table){ 0 };
}

/* The slot of a text, or the empty slot for it. NULL after too many probes. */
static struct text_slot *text_slot(const struct text_table *table, const struct slice *texts,
                                   struct slice text, uint32_t *tag)
{
    const uint64_t hash = hash_u64(text);
    const size_t mask = ((size_t)1 << table->bits) - 1;
    size_t at = (size_t)(hash >> (64 - table->bits));

    *tag = (uint32_t)hash;
    for (unsigned i = 0; i < PROBES_MAX; i++, at = (at + 1) & mask) {
        struct text_slot *slot = &table->slots[at];

        if (slot->id == TOKEN_NONE || (slot->tag == *tag && slice_equal(texts[slot->id], text)))
            return slot;
    }
    return NULL;
}

int text_table_add(struct text_table *table, const struct slice *texts, int32_t id,
                   struct error *err)
{
    uint32_t tag;
    struct text_slot *slot = text_slot(table, texts, texts[id], &tag);

    if (!slot)
        return too_many_probes(err);
    if (slot->id != TOKEN_NONE)
        return error_set(err, ERR_INPUT,
                         "tokens %d and %d of the vocabulary have the same text", slot->id, id);
    *slot = (struct text_slot){ tag, id };
    return 0;
}

int32_t text_table_find(const struct text_table *table, const struct slice *texts,
                        struct slice text)
{
    uint32_t tag;
    const struct text_slot *slot = text_slot(table, texts, text, &tag);

    return slot ? slot->id : TOKEN_NONE;
}

int pair_table_init(struct pair_table *table, size_t n, struct error *err)
{
    table->bits = bits_for(n);
    const size_t n_slots = (size_t)1 << table->bits;
    table->slots = malloc(n_slots * sizeof *table->slots);
    if (!table->slots)
        return error_nomem(err);
    for (size_t i = 0; i < n_slots; i++)
        table->slots[i] = (struct pair_slot){ .left = TOKEN_NONE };
    return 0;
}

void pair_table_release(struct pair_table *table)
{
    free(table->slots);
    *table = (struct pair_table){ 0 };
}

static struct pair_slot *pair_slot(const struct pair_table *table, int32_t left, int32_t right)
{
    /* Multiplying by 2^64 over the golden ratio spreads the key into the high bits. */
    const uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    const size_t mask = ((size_t)1 << table->bits) - 1;
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - table->bits));

    for (unsigned i = 0; i < PROBES_MAX; i++, at = (at + 1) & mask) {
        struct pair_slot *slot = &table->slots[at];

        if (slot->left == TOKEN_NONE || (slot->left == left && slot->right == right))
            return slot;
    }
    return NULL;
}

int pair_table_add(struct pair_table *table, int32_t left, int32_t right, struct merge merge,
                   struct error *err)
{
    struct pair_slot *slot = pair_slot(table, left, right);

    if (!slot)
        return too_many_probes(err);
    if (slot->left == TOKEN_NONE)
        *slot = (struct pair_slot){ left, right, merge };
    return 0;
}

bool pair_table_find(const struct pair_table *table, int32_t left, int32_t right,
                     struct merge *out)
{
    if (left == TOKEN_NONE || right == TOKEN_NONE)
        return false;
    const struct pair_slot *slot = pair_slot(table, left, right);
    if (!slot || slot->left == TOKEN_NONE)
        return false;
    *out = slot->merge;
    return true;
}
