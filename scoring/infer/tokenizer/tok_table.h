/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tok_table.h - the hash tables of a vocabulary: text to id, and two neighbours to their merge.
 *
 * Filled once, then only read. The keys come from an untrusted file and the hash is not keyed,
 * so a file could be made of colliding keys: an insertion that meets too many neighbours is an
 * error, which bounds the time of every later look-up too.
 */
#ifndef CURATE_TOK_TABLE_H
#define CURATE_TOK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;

/* What joining two neighbours gives; the lowest priority value joins first. */
struct merge {
    uint32_t priority;
    int32_t id;
};

struct text_slot;
struct text_table {
    struct text_slot *slots;
    unsigned bits; /* 1 << bits slots */
};

/* Room for n texts. A zeroed table may be released. */
int text_table_init(struct text_table *table, size_t n, struct error *err);
void text_table_release(struct text_table *table);
/* Put texts[id] in. ERR_INPUT when its text is there already: both ids are named. */
int text_table_add(struct text_table *table, const struct slice *texts, int32_t id,
                   struct error *err);
/* The id of a text, or TOKEN_NONE. */
int32_t text_table_find(const struct text_table *table, const struct slice *texts,
                        struct slice text);

struct pair_slot;
struct pair_table {
    struct pair_slot *slots;
    unsigned bits;
};

int pair_table_init(struct pair_table *table, size_t n, struct error *err);
void pair_table_release(struct pair_table *table);
/* Of two merges of the same pair the first one stays. */
int pair_table_add(struct pair_table *table, int32_t left, int32_t right, struct merge merge,
                   struct error *err);
/* True and the merge when left and right join; false for TOKEN_NONE on either side. */
bool pair_table_find(const struct pair_table *table, int32_t left, int32_t right,
                     struct merge *out);

#endif
