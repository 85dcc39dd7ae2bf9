/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat.h - read lists of messages: {"role", "content"} and {"from", "value"}.
 *
 * Corpora have many words for roles (human, gpt, developer, observation). They become one of
 * user, assistant, system and tool. A first message of the system that holds only text is the
 * sample's system prompt, not a turn.
 *
 * Other members of a message (tool_calls, name, weight) go to the turn's extra. So does a
 * content that is a list of parts: the turn's content is then the text parts, joined by
 * newlines. So does the role word "function_call", because "assistant" says less.
 */
#ifndef CURATE_CHAT_H
#define CURATE_CHAT_H

#include <stdbool.h>

struct chat_style;
struct draft;
struct json_value;

/* Is the value a string that begins like a list, so that it is JSON inside a JSON string? */
bool chat_is_encoded(const struct json_value *list);
/* Append the turns of a list of messages, or of a string that holds such a list. Messages may
 * be in the other style, too. */
void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style);

#endif
