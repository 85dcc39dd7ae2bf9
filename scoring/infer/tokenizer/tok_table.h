/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tok_table.h - the hash tables of a vocabulary: text to id, and a pair of ids to their merge.
 *
 * Filled once, then only read. The file is not trusted and the hash has no secret key, so a
 * file could be made of colliding keys. An insertion that needs too many probes is an error,
 * which also bounds the time of every look-up.
 */
#ifndef CURATE_TOK_TABLE_H
#define CURATE_TOK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;

/* The result of merging two tokens. The pair with the lowest priority value merges first. */
struct merge {
    uint32_t priority;
    int32_t id;
};

struct text_slot;
struct text_table {
    struct text_slot *slots;
    unsigned bits; /* the table has 1 << bits slots */
};

/* Room for n texts. A zeroed table may be released. */
int text_table_init(struct text_table *table, size_t n, struct error *err);
void text_table_release(struct text_table *table);
/* Insert texts[id]. Returns -1 with ERR_INPUT, naming both ids, if the text is already there.
 */
int text_table_add(struct text_table *table, const struct slice *texts, int32_t id,
                   struct error *err);
/* Find a text. Returns its id, or TOKEN_NONE. */
int32_t text_table_find(const struct text_table *table, const struct slice *texts,
                        struct slice text);

struct pair_slot;
struct pair_table {
    struct pair_slot *slots;
    unsigned bits;
};

int pair_table_init(struct pair_table *table, size_t n, struct error *err);
void pair_table_release(struct pair_table *table);
/* Insert a merge. If the pair is already there, its first merge is kept. */
int pair_table_add(struct pair_table *table, int32_t left, int32_t right, struct merge merge,
                   struct error *err);
/* Find the merge of a pair. Returns false if there is none, or if an id is TOKEN_NONE. */
bool pair_table_find(const struct pair_table *table, int32_t left, int32_t right,
                     struct merge *out);

#endif
