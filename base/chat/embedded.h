/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedded.h - JSON inside a text: arguments of a call, a list of tools.
 */
#ifndef CURATE_EMBEDDED_H
#define CURATE_EMBEDDED_H

#include <stddef.h>

#include "base/slice.h"

struct error;
struct json;
struct json_value;

/* JSON that is nested deeper stays text: what it becomes part of has a limit of its own. */
enum { EMBEDDED_MAX_DEPTH = 128 };

/*
 * Parse a text as JSON, if its value holds all that the text does. A text with a key twice in
 * one object, with NaN, with half of a surrogate pair or nested too deep does not count.
 * Returns 1 with a new parser that owns the value; free it with json_free(). Returns 0 when the
 * text is not JSON, -1 for ERR_NOMEM; *json is NULL then.
 */
int embedded_parse(struct slice text, struct json **json, const struct json_value **value,
                   struct error *err);

/* The number of lists and objects around the innermost value. */
size_t embedded_depth(const struct json_value *value);

#endif
