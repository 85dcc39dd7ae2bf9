/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_content.h - read the content of a message that is a list of parts.
 *
 * The text parts become the content, joined by newlines. Media, calls and thoughts get their
 * internal forms (base/chat/). Parts that hold more than these forms stay as a list.
 */
#ifndef CURATE_CHAT_CONTENT_H
#define CURATE_CHAT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct draft;
struct json_value;
struct turn;

struct chat_content {
    struct slice kept; /* JSON list of the parts that stay; ptr NULL for none */
    const struct json_value *signature; /* of the thought; NULL for none */
};

/* Set content, thought, calls and media of the turn from the parts. The role of the turn must
 * be set. skip_results: leave out results of tools, because they are turns already. i is the
 * message's index in its list. Rejects a part without text, or with two texts, as
 * missing_content. */
void chat_read_content(struct draft *draft, const struct json_value *parts, bool skip_results,
                       size_t i, struct turn *turn, struct chat_content *out);

/* chat_results.c: is the part a result of a tool that can become a turn? It names its call once
 * at most, and its text is a text or a list of parts. */
bool chat_is_result(const struct json_value *part);
/* chat_results.c: the number of such parts in a list. */
size_t chat_count_results(const struct json_value *parts);
/* chat_results.c: append a turn of the tool for each of them. */
void chat_read_results(struct draft *draft, const struct json_value *parts, size_t i);

#endif
