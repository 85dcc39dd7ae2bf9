/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tok_added.h - find user-defined and control tokens in a text, before it is split into words.
 *
 * The search runs once from left to right. If several tokens start at one byte, the longest is
 * chosen. Immutable after added_init().
 */
#ifndef CURATE_TOK_ADDED_H
#define CURATE_TOK_ADDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct vocab;

struct added {
    const struct slice *texts; /* of all tokens, by id; borrowed */
    int32_t *ids;              /* sorted by text */
    size_t n;
    uint32_t first[257]; /* ids[first[c]] .. ids[first[c + 1] - 1] start with byte c */
};

/* Collect the user-defined tokens of a vocabulary. *added must be zeroed. With controls, also
 * collect its control tokens, except those that are not UTF-8 or very long. Returns -1 with
 * ERR_INPUT for a user-defined token that is not UTF-8 (it could split a character), or with
 * ERR_UNSUPPORTED for a very long one. */
int added_init(struct added *added, const struct vocab *vocab, bool controls,
               struct error *err);
void added_release(struct added *added);

/* Find the next token from byte `from` on. Returns where it starts and sets *id; returns
 * text.len and sets *id to TOKEN_NONE if there is none. */
size_t added_find(const struct added *added, struct slice text, size_t from, int32_t *id);

#endif
