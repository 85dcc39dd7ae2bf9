/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tok_merge.h - merge adjacent symbols of a word, best pair first, until no pair can merge.
 *
 * SentencePiece and both kinds of BPE use it. A word is a linked list of symbols. A heap holds
 * the pairs that can merge, by priority, then from left to right. Time is O(n log n) for n
 * symbols. Memory is reused for the next word.
 */
#ifndef CURATE_TOK_MERGE_H
#define CURATE_TOK_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct merge;

#define SYMBOL_NONE UINT32_MAX

struct symbol {
    uint32_t pos; /* first byte in the word */
    uint32_t len; /* bytes; 0 after it was merged into the symbol on its left */
    uint32_t prev;
    uint32_t next; /* SYMBOL_NONE at the end */
    int32_t id;    /* of its token; TOKEN_NONE: none, or not looked up */
};

/* A zeroed merger is empty. */
struct merger {
    struct symbol *symbols;
    size_t n;
    size_t cap;
    struct candidate *heap;
    size_t n_heap;
    size_t cap_heap;
};

/* Decides if two adjacent symbols merge: returns true and sets *out. */
struct merge_rule {
    bool (*find)(const void *state, const struct symbol *left, const struct symbol *right,
                 struct merge *out);
    const void *state;
};

void merger_release(struct merger *merger);
/* Start a new word without symbols. */
void merger_clear(struct merger *merger);
/* Append a symbol of len > 0 bytes. */
int merger_add(struct merger *merger, uint32_t len, int32_t id, struct error *err);
/* Merge until no pair can merge. The remaining symbols are symbols[0] and its next links. */
int merger_run(struct merger *merger, const struct merge_rule *rule, struct error *err);

#endif
