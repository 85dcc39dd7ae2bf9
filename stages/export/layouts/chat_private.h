/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_private.h - the parts of chat_write(): messages, their content, calls and tools.
 */
#ifndef CURATE_CHAT_PRIVATE_H
#define CURATE_CHAT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json/jsonout.h"
#include "base/slice.h"

struct buf;
struct chat_list;
struct chat_style;
struct error;
struct json;
struct json_value;
struct sample;
struct turn;

/* One record. When the style cannot hold the sample, writing stops and chat_write() removes
 * what was appended. */
struct chat_writer {
    const struct sample *sample;
    const struct chat_style *style;
    const struct chat_list *lists;
    size_t n_lists;
    const bool *label; /* a member of the record; NULL for none */
    struct jsonout json;
    struct json *parser;      /* of the extra of a turn; made for the first one */
    struct json *list_parser; /* of calls, tools and media; made for the first one */
    bool has_marks;   /* the media stand in the text as marks, and in lists of the record */
    const char **why; /* set to the reason if the style cannot hold the sample */
    struct error *err;
};

/* Functions below return 1, 0 when the style cannot hold the sample, -1 for ERR_NOMEM, unless
 * stated otherwise. */

/* Set the reason why the style cannot hold the sample. Returns 0. */
int chat_cannot_hold(struct chat_writer *writer, const char *detail);
/* Parse JSON with a parser that is made if it is NULL. *out is NULL for invalid text. Returns 0
 * or -1. */
int chat_parse(struct chat_writer *writer, struct json **parser, struct slice text,
               const struct json_value **out);
/* Parse a list of the sample. The value is valid until the next call. */
int chat_parse_list(struct chat_writer *writer, struct slice text, const char *detail,
                    const struct json_value **out);
/* chat_message.c: append one message. context: the text that it carries beside its own;
 * ptr NULL for none. */
int chat_write_message(struct chat_writer *writer, const struct turn *turn,
                       struct slice context);
/* chat_calls.c: append the member "tools" of the record, or nothing. */
int chat_write_tools(struct chat_writer *writer);
/* chat_calls.c: the calls of a turn as a member of its message. */
int chat_write_calls(struct chat_writer *writer, const struct turn *turn);
/* chat_calls.c: the calls of a turn as text, as the value of a function_call. */
int chat_add_calls(struct chat_writer *writer, const struct turn *turn, struct buf *out);

/* chat_media.c: find out how the media of the sample are written. */
int chat_check_media(struct chat_writer *writer);
/* chat_media.c: write the content of a turn with media as a list of parts. kept: the parts of
 * its text that the turn's extra holds; NULL for none. */
int chat_write_parts(struct chat_writer *writer, const struct turn *turn,
                     const struct json_value *kept);
/* chat_media.c: append the content of a turn with marks at the places of its media. */
int chat_add_marked_text(struct chat_writer *writer, const struct turn *turn, struct buf *out);
/* chat_media.c: append the record's lists of media whose marks are in the text. */
int chat_write_references(struct chat_writer *writer);

#endif
