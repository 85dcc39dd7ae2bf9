/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls.h - the internal form of tool calls.
 *
 * It is a JSON array: [{"id": ..., "name": "f", "arguments": {...}}, ...]. The id is a text; it
 * is left out if the record has none. Arguments that are a text are decoded as JSON if that
 * loses nothing (embedded.h); otherwise they stay text. Missing arguments become {}. Other
 * members of a call, such as "index", follow these three. Padding (prune.h) is dropped, except
 * within a text.
 *
 * These spellings are read:
 *   {"id", "type": "function", "function": {"name", "arguments": TEXT}}   OpenAI
 *   {"name", "arguments"}              ShareGPT, Hermes, xLAM, glaive, and function_call
 *   {"name", "parameters"}             Llama 3
 *   {"type": "tool_use", "id", "name", "input"}                           Anthropic
 *   {"functionCall": {"name", "args"}}                                    Gemini
 */
#ifndef CURATE_CALLS_H
#define CURATE_CALLS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

/* Is this the name of a member of a message that holds calls? */
bool calls_is_key(struct slice name);

/*
 * The calls_add functions append to a list of calls that begins at the start of the buffer.
 * Call calls_end() after the last one. They return 1 if they appended calls. They return 0 and
 * append nothing for a value that is not a call, or for a call that the form cannot hold. They
 * return -1 with err set: ERR_NOMEM.
 */

/* Append a call, a list of at least one call, or a text that holds either. */
int calls_add(const struct json_value *value, struct buf *out, struct error *err);
/* Append the calls of a text that holds a call or a list of calls. */
int calls_add_text(struct slice text, struct buf *out, struct error *err);
/* Append the calls between <tool_call> and </tool_call> at the end of a text. *rest becomes the
 * text before them, without newlines at its end. */
int calls_add_marked(struct slice text, struct slice *rest, struct buf *out, struct error *err);
/* Append the call after <functioncall> at the end of a text. Its arguments may be JSON in
 * single quotes. *rest becomes the text before the mark, without white space at its end. */
int calls_add_glaive(struct slice text, struct slice *rest, struct buf *out, struct error *err);
/* Is the value a list of calls in the internal form? Do not give such a list to calls_add(): it
 * would decode arguments that are a text a second time. */
bool calls_are_internal(const struct json_value *value);
/* Close the list. Returns 0 or -1. */
int calls_end(struct buf *out, struct error *err);

#endif
