/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media_marks.h - media that a list refers to, and their places in texts.
 *
 * LLaMA-Factory, LLaVA and ms-swift write marks such as <image> into the texts, and list the
 * media in a member of the record. TRL writes parts without a reference: {"type": "image"}.
 */
#ifndef CURATE_MEDIA_MARKS_H
#define CURATE_MEDIA_MARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

enum { N_MEDIA_KINDS = 3 };

/* A type of media that has a mark. */
struct media_kind {
    const char *type;
    const char *mark;
    const char *bare; /* the end of a medium without a reference, in the internal form */
    const char *list, *single; /* names of the record's members with references, or with one */
};

extern const struct media_kind media_kinds[N_MEDIA_KINDS];

/* References to media. The first `next` of them have been placed. */
struct media_list {
    const struct media_kind *kind;
    const struct json_value *value; /* a list or one reference; NULL: none to place */
    size_t next;
};

/* The kind of a type; NULL when it has no mark. */
const struct media_kind *media_kind_of(const char *type);
/* The number of references of a value: the elements of a list, or 1 for a text or an object
 * that is not empty. */
size_t media_count(const struct json_value *value);
/* The number of marks in a text; of media of this kind in a turn's media; of those of them that
 * lack a reference. */
size_t media_count_marks(const struct media_kind *kind, struct slice text);
size_t media_count_type(const struct media_kind *kind, struct slice media);
size_t media_count_bare(const struct media_kind *kind, struct slice media);

/* Append the text without its marks to `content`, and a medium for each mark to `media`. The
 * lists must hold a reference for each mark. Closes the list of media if it is not empty.
 * Returns 0, or -1 with err set: ERR_NOMEM. */
int media_place_marks(struct media_list lists[N_MEDIA_KINDS], struct slice text,
                      struct buf *content, struct buf *media, struct error *err);
/* Append a turn's media, and give references to the media without one. Returns 0 or -1. */
int media_fill_bare(struct media_list *list, struct slice media, struct buf *out,
                    struct error *err);
/* Append all references of a list as media at the start of a text. The caller calls
 * media_end(). Returns 0 or -1. */
int media_add_list(struct media_list *list, bool is_placeholder, struct buf *media,
                   struct error *err);
/* Append a text and all references of a value, at least one: at its marks, or at its start if
 * it has none. Returns 1; 0 when the numbers differ, with the media at the start and the marks
 * in the text; -1 with err set: ERR_NOMEM. */
int media_place_in_text(const struct media_kind *kind, const struct json_value *value,
                        struct slice text, struct buf *content, struct buf *media,
                        struct error *err);

#endif
