/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tok_added.h - finding user-defined and control tokens in text, before anything else cuts it.
 *
 * One pass from the left; where several begin, the longest one is taken. Immutable.
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
    uint32_t first[257]; /* ids[first[c]] on begin with byte c */
};

/* *added is zeroed before. ERR_INPUT for a user-defined token that is not UTF-8: it could cut a
 * character in two. ERR_UNSUPPORTED for one that is very long. With controls those are found,
 * too, but for such as these. */
int added_init(struct added *added, const struct vocab *vocab, bool controls,
               struct error *err);
void added_release(struct added *added);

/* From byte 'from' on: where the next one begins and its id, or text.len and TOKEN_NONE. */
size_t added_find(const struct added *added, struct slice text, size_t from, int32_t *id);

#endif
