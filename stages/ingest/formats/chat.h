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

struct buf;
struct draft;
struct error;
struct json_value;
struct jsonout;
struct sample;

struct chat_style {
    const char *list_key; /* of the list within the record */
    const char *role_key;
    const char *text_key;
    const char *words[4];   /* for user, assistant, system, tool */
    bool system_is_message; /* else a member of the record */
};

extern const struct chat_style chat_openai;   /* messages, role, content */
extern const struct chat_style chat_sharegpt; /* conversations, from, value */

/* Is it a text that begins like a list: JSON written into JSON? */
bool chat_is_encoded(const struct json_value *list);
/* Append the turns of a list, or of a text that is one. Messages in the other style are
 * understood, too. */
void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style);

/* Append one record: a format's write(). */
int chat_write(const struct sample *sample, const struct chat_style *style, struct buf *out,
               const char **why, struct error *err);

#endif
