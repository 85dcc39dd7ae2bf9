/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat.h - lists of messages: {"role", "content"} and {"from", "value"}, read and written.
 *
 * Roles have many names (human, gpt, developer, observation); four remain: user, assistant,
 * system, tool. A system message that comes first and holds nothing but text is the sample's
 * system text and no turn. What else a message holds (tool_calls, name, weight) is kept in the
 * turn's extra; a content that is a list of parts stays there too, and its text parts joined by
 * line ends are the turn's content. The word function_call stays in extra as well, since
 * "assistant" says less.
 */
#ifndef CURATE_CHAT_H
#define CURATE_CHAT_H

#include <stdbool.h>

struct chat_style;
struct draft;
struct json_value;

/* Is it a text that begins like a list: JSON written into JSON? */
bool chat_is_encoded(const struct json_value *list);
/* Append the turns of a list, or of a text that is one. Messages in the other style are
 * understood, too. */
void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style);

#endif
