/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.h - text of strangers, made so that a terminal shows it and obeys none of it.
 *
 * What steers a terminal or deceives the eye is written out: control characters (C0 but for
 * tab and newline, DEL, C1), the directional formatting characters of the Unicode
 * bidirectional algorithm, line and paragraph separators, invisible tags, and bytes that are
 * not UTF-8. As JSON escapes where there is one, so that JSON stays JSON.
 */
#ifndef CURATE_ESCAPE_H
#define CURATE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;

/* May the first character of text, of utf8_char_len() bytes, go to a terminal as it is? */
bool visible_is_plain(struct slice text);
/* Append text; \u001b and \U000e0001 for characters, \xff for a byte that is none. */
int visible_add(struct buf *out, struct slice text, struct error *err);
/* How many bytes at the end may be the beginning of a character that goes on: 0 to 3. */
size_t visible_unfinished(struct slice text);

#endif
