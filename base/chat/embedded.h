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

/* JSON that is nested deeper stays text, because the value around it has its own depth limit.
 */
enum { EMBEDDED_MAX_DEPTH = 128 };

/*
 * Parse a text as JSON if that loses nothing. A text counts as not JSON if it has a key twice
 * in one object, NaN, half of a surrogate pair, or too deep nesting. Returns 1 with a new
 * parser that owns the value; free it with json_free(). Returns 0 when the text is not JSON, -1
 * for ERR_NOMEM; *json is NULL then.
 */
int embedded_parse(struct slice text, struct json **json, const struct json_value **value,
                   struct error *err);

/* The number of lists and objects around the innermost value. */
size_t embedded_depth(const struct json_value *value);

#endif
