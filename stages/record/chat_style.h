/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_style.h - what reading and writing lists of messages share.
 */
#ifndef CURATE_CHAT_STYLE_H
#define CURATE_CHAT_STYLE_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

/* One of the four roles (static) for any of the names they go by, or NULL. */
const char *chat_role_of(struct slice word);
/* True for "function_call", which is an assistant's turn and more than that. */
bool chat_is_call(struct slice word);
/* True when a message calls tools, so that it needs no content. */
bool chat_has_calls(const struct json_value *message);
/* Append the text of a list of content parts. */
int chat_join_parts(const struct json_value *parts, struct buf *out, struct error *err);

#endif
