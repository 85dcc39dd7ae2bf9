/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flag_list_private.h - what a list of phrases is in memory, for its parser and its search.
 *
 * The phrases are a trie whose edges are words: an edge leads from a node, by a word, to a
 * node. Node 0 is the root. Words and edges stand in hash tables, so that a step takes the same
 * time whatever the number of phrases.
 */
#ifndef CURATE_FLAG_LIST_PRIVATE_H
#define CURATE_FLAG_LIST_PRIVATE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "scoring/facts/gram_table.h"

enum { FLAG_NO_WORD = 0 };

/* A normalised word or symbol. */
struct flag_word {
    uint32_t start; /* in the bytes of the list */
    uint32_t len;
};

struct flag_slot {
    uint32_t tag; /* high bits of the hash of the word */
    uint32_t id;  /* index of the word + 1; FLAG_NO_WORD: an empty slot */
};

struct flag_edge {
    uint32_t from;
    uint32_t word; /* id */
    uint32_t to;   /* 0: an empty slot */
};

struct flag_list {
    struct buf bytes; /* the phrases in order; LF behind each word, and behind each phrase */
    struct flag_word *words;
    size_t n_words;
    size_t cap; /* of words, and of nodes beside the root */
    size_t max_word_len;
    struct flag_slot *slots;
    struct flag_edge *edges;
    size_t mask;    /* of both tables: slots - 1 */
    uint8_t *ends;  /* by node: a phrase ends here */
    size_t n_nodes; /* with the root */
    size_t n_phrases;
    struct hash hash;
};

/* Find the slot of a word: its own, or the empty one where it belongs. */
static inline struct flag_slot *flag_slot_of(const struct flag_list *list, struct slice word,
                                             uint64_t hash)
{
    const uint32_t tag = (uint32_t)(hash >> 32);
    size_t i = hash & list->mask;

    for (;; i = (i + 1) & list->mask) {
        struct flag_slot *slot = &list->slots[i];

        if (slot->id == FLAG_NO_WORD)
            return slot;
        const struct flag_word *found = &list->words[slot->id - 1];
        if (slot->tag == tag && found->len == word.len &&
            memcmp(list->bytes.data + found->start, word.ptr, word.len) == 0)
            return slot;
    }
}

/* The same for the edge that leads from a node by a word. */
static inline struct flag_edge *flag_edge_of(const struct flag_list *list, uint32_t from,
                                             uint32_t word)
{
    size_t i = gram_mix(((uint64_t)from << 32 | word) * GRAM_FACTOR) & list->mask;

    for (;; i = (i + 1) & list->mask) {
        struct flag_edge *edge = &list->edges[i];

        if (edge->to == 0 || (edge->from == from && edge->word == word))
            return edge;
    }
}

#endif
