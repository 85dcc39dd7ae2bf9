/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat.h - read lists of messages: {"role", "content"} and {"from", "value"}.
 *
 * Corpora have many words for roles (human, gpt, developer, observation). They become one of
 * user, assistant, system and tool. A first message of the system that holds only text is the
 * sample's system prompt, not a turn.
 *
 * The text of a message is under content, value, text, message or parts, and so is the text of
 * a content part. A message with two of them is rejected. So is one with none of them, unless
 * it calls a tool or refers to media.
 *
 * A message may say whether it is trained on (base/chat/trained.h).
 *
 * Tool calls, thoughts and media get their internal forms (base/chat/). A content may be a list
 * of parts (chat_content.h). Other members of a message, such as name, go to the turn's extra.
 * So does a role word that says more than the role.
 */
#ifndef CURATE_CHAT_H
#define CURATE_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct chat_style;
struct draft;
struct error;
struct json_value;

/* Is the value a string that begins like a list, so that it is JSON inside a JSON string? */
bool chat_is_encoded(const struct json_value *list);
/*
 * Append the turns of a list of messages, or of a string that holds such a list. Messages may
 * be in the other style, too. An element may also be a pair of question and answer. A list of
 * texts is spoken by user and assistant in turn. An object of lists is read as a list of
 * objects.
 */
void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style);

/* chat_message.c: append the turn of the message at index i of its list. */
void chat_read_message(struct draft *draft, const struct json_value *message, size_t i,
                       const struct chat_style *style);

/* chat_message.c: append a turn. The first message of the system may become the sample's system
 * prompt. */
void chat_add_message(struct draft *draft, struct slice role, struct slice text,
                      struct slice extra);
/* chat_message.c: set whether the last turn is trained on. */
void chat_set_trained(struct draft *draft, bool is_trained, bool is_untrained);
/* chat_columns.c: append an object of lists as the text of a list of objects. Returns 1; 0 when
 * the lists are not of one length; -1 for ERR_NOMEM. */
int chat_join_columns(const struct json_value *columns, struct buf *out, struct error *err);

#endif
