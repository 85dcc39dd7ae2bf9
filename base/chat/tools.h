/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools.h - the internal form of tool definitions.
 *
 * It is a JSON array of bare function objects: [{"name", "description", "parameters"}, ...],
 * whose members keep their order. Padding (prune.h) is dropped, except within a text. These
 * spellings are read:
 *   {"type": "function", "function": {"name", ...}}       OpenAI: what "function" holds
 *   {"name", "description", "parameters"}                 functions, ShareGPT, glaive, xLAM
 *   {"name", "description", "input_schema"}               Anthropic: "parameters"
 * An object of another form, like {"type": "web_search"}, is kept as it is. A name alone
 * becomes
 * {"name": TEXT}, and a text that is not JSON {"description": TEXT}.
 */
#ifndef CURATE_TOOLS_H
#define CURATE_TOOLS_H

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

/* For all functions the buffer must be empty. */

/* Append the tools of a list, of one object, or of a text that holds a list or objects one
 * after the other. Another text is one tool. Returns 1; 0, appending nothing, when there is
 * no tool: null, a list without elements or with a number, an object nested too deep
 * (embedded.h); -1 with err set: ERR_NOMEM. */
int tools_read(const struct json_value *value, struct buf *out, struct error *err);
/* The same for a text. */
int tools_read_text(struct slice text, struct buf *out, struct error *err);
/* Append the tools of a text that is nothing but JSON objects, or a list; another text gives 0.
 */
int tools_read_objects(struct slice text, struct buf *out, struct error *err);

#endif
