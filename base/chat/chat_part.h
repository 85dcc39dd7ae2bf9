/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_part.h - the content parts of a message: texts, media, calls, results, thoughts.
 */
#ifndef CURATE_CHAT_PART_H
#define CURATE_CHAT_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

enum chat_part_kind {
    CHAT_PART_TEXT,    /* a string, or {"type": "text", "text": "..."} */
    CHAT_PART_MEDIA,   /* an image, audio, video or file */
    CHAT_PART_CALL,    /* of a tool */
    CHAT_PART_RESULT,  /* of a tool */
    CHAT_PART_THOUGHT, /* {"type": "thinking", "thinking": "..."} */
    CHAT_PART_OTHER,   /* of a known type without text of the message */
    CHAT_PART_BAD,     /* it holds no text, or two texts */
};

struct chat_part {
    enum chat_part_kind kind;
    struct slice text;      /* of a text or a thought; ptr NULL for other kinds */
    const char *media_type; /* of media: see base/chat/media.h */
    const char *fault;      /* of a bad part: what is wrong, as a phrase */
    size_t n_more;          /* members of a text or a thought that are neither its type nor its
                               text */
};

/* Can a member of this name hold the text of a message or of a content part? The names are
 * content, value, text, message and parts, whatever the case of their letters. */
bool chat_is_text_key(struct slice name);
/* Classify an element of a list of content parts. Empty members are ignored. */
void chat_part_read(const struct json_value *value, struct chat_part *out);
/* Append the text parts of a list of content parts, with a newline between two. Returns 0, or
 * -1 with err set: ERR_NOMEM. */
int chat_join_parts(const struct json_value *parts, struct buf *out, struct error *err);

#endif
