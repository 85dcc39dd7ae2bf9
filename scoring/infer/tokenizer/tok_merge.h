/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tok_merge.h - joining neighbours, best pair first, until nothing joins.
 *
 * What SentencePiece and byte-level BPE have in common: a word is a list of symbols, and a heap
 * holds the pairs that may join, ordered by priority, then from the left. O(n log n) for n
 * symbols. The memory stays for the next word.
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
    uint32_t pos; /* bytes of the word it covers */
    uint32_t len; /* 0 once it was joined to the symbol on its left */
    uint32_t prev;
    uint32_t next; /* SYMBOL_NONE at the end */
    int32_t id;    /* TOKEN_NONE: no token as far as is known */
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

/* Whether two neighbours join, and into what. */
struct merge_rule {
    bool (*find)(const void *state, const struct symbol *left, const struct symbol *right,
                 struct merge *out);
    const void *state;
};

void merger_release(struct merger *merger);
/* Begin a word: no symbols. */
void merger_clear(struct merger *merger);
/* Append a symbol of len > 0 bytes. */
int merger_add(struct merger *merger, uint32_t len, int32_t id, struct error *err);
/* Join. symbols[0] then begins the chain of what is left, linked by next. */
int merger_run(struct merger *merger, const struct merge_rule *rule, struct error *err);

#endif
