/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shingles.h - the n-grams of a text as a set of 64-bit hashes, and how similar two sets are.
 *
 * A text of fewer words than a shingle has one shingle, made of all its words; a text without
 * words has none. The hash is XXH3-64 of the words, joined by WORD_SEPARATOR.
 */
#ifndef CURATE_SHINGLES_H
#define CURATE_SHINGLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct word_list;

struct shingle_rule {
    unsigned n;      /* words or characters of a shingle, at least 1 */
    bool characters; /* of the words joined by separators, else words */
};

/* Zeroed is empty. */
struct shingle_list {
    uint64_t *hashes;
    size_t n;
    size_t cap;
    uint64_t *spare; /* for sorting: cap of them */
};
void shingle_list_release(struct shingle_list *list);

/* Set the list to the shingles of the words, in the order of the text, repeated ones included.
 * Returns 0, or -1 with err set: ERR_NOMEM. */
int shingles_make(const struct word_list *words, const struct shingle_rule *rule,
                  struct shingle_list *out, struct error *err);
/* Sort the list and remove repeated shingles. */
void shingles_make_set(struct shingle_list *list);

struct overlap {
    double jaccard;     /* common shingles / different shingles of both */
    double containment; /* common shingles / shingles of the smaller set */
};
/* Compare two sorted sets. An empty set has no overlap with anything. */
struct overlap shingles_compare(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b);

/* Sort numbers; spare has room for n. Linear time. */
void sort_u64(uint64_t *values, uint64_t *spare, size_t n);

#endif
