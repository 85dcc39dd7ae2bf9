/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - a content that is a list of parts: its text, media, calls and thoughts.
 *
 * The text parts become one text, joined by newlines. Media, calls and thoughts get their
 * internal forms. A list of kept parts remains if a part holds more than these forms. It also
 * remains if two text parts are adjacent, because only the list shows where they meet. It has
 * those parts and all text parts.
 */
#ifndef CURATE_PARTS_H
#define CURATE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

struct chat_part;
struct error;
struct json_value;

struct parts {
    bool is_answer;  /* the turn is the assistant's: only it has thoughts and calls */
    bool must_keep;  /* the list of kept parts must remain */
    bool after_text; /* the last text or medium is a text */
    size_t n_texts, n_thoughts;
    const struct json_value *signature; /* of the thought; NULL for none */
    struct buf text, thought;           /* a thought is there if n_thoughts > 0 */
    struct buf media, calls, kept;      /* JSON lists; empty: none */
};

void parts_init(struct parts *parts, bool is_answer);
void parts_release(struct parts *parts);
/* Append a part, which chat_part_read() has read and which is not bad. Returns 0, or -1 with
 * err set: ERR_NOMEM. */
int parts_add(struct parts *parts, const struct json_value *value, const struct chat_part *part,
              struct error *err);
/* Close the lists. Empty the list of kept parts unless it must remain. Returns 0 or -1. */
int parts_end(struct parts *parts, struct error *err);

#endif
