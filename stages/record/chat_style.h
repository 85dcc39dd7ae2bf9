/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_style.h - how lists of messages are spelled: keys, words for roles, tool calls.
 *
 * Shared by the readers of record shapes and the writers of layouts.
 */
#ifndef CURATE_CHAT_STYLE_H
#define CURATE_CHAT_STYLE_H

#include <stdbool.h>

#include "base/slice.h"

struct json_value;

struct chat_style {
    const char *list_key;    /* of the list of messages within the record */
    const char *role_key;    /* of a message */
    const char *text_key;    /* of a message */
    const char *trained_key; /* of a message: is it trained on? */
    bool trained_is_number;  /* 1 and 0 instead of true and false */
    struct {
        const char *user, *assistant, *system, *tool;
    } words;                /* values of role_key */
    bool system_is_message; /* false: the system prompt is a member of the record */
    bool calls_are_text;    /* the calls of a turn are its text; false: a member "tool_calls" */
    bool thoughts_are_text; /* a thought is in the text; false: a member "reasoning_content" */
    bool tools_are_text;    /* the record's "tools" are JSON in a text */
    bool has_parts;         /* a text may be a list of parts, which may be media */
};

extern const struct chat_style chat_openai;   /* messages, role, content */
extern const struct chat_style chat_sharegpt; /* conversations, from, value */

/* The word of a style for a role; NULL for a role that is none of the four. */
const char *chat_word(const struct chat_style *style, struct slice role);
/* The role that a word of any style names, whatever the case of its letters; ptr NULL for an
 * unknown word. */
struct slice chat_role_of(struct slice word);
/* "function_call". */
extern const char chat_call_word[];
/* Is the word "function_call"? It names an assistant's turn that calls a function. */
bool chat_is_call(struct slice word);
/* Does the message call tools? Such a message needs no content. */
bool chat_has_calls(const struct json_value *message);

#endif
