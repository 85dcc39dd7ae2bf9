/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.h - escape untrusted text for terminal output.
 *
 * Escaped are all characters that control a terminal or hide what is written: control
 * characters (C0, DEL, C1), the directional formatting characters of the Unicode bidirectional
 * algorithm, line and paragraph separators, invisible tags, and bytes that are not UTF-8.
 *
 * Functions return 0, or -1 with err set if the buffer cannot grow.
 */
#ifndef CURATE_ESCAPE_H
#define CURATE_ESCAPE_H

#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;

/* Append text of any number of lines: tab and newline stay. Characters are escaped as in JSON,
 * so that JSON stays JSON: \u001b, \U000e0001; bytes that are not UTF-8 as \xff. */
int escape_add(struct buf *out, struct slice text, struct error *err);
/* Append text as one line of at most max_chars characters. A newline becomes U+23CE, every
 * other escaped character and tab U+FFFD. An ellipsis replaces the rest. */
int escape_add_line(struct buf *out, struct slice text, size_t max_chars, struct error *err);
/* Count the bytes at the end of text, 0 to 3, that may be an incomplete character. */
size_t escape_incomplete_tail(struct slice text);

#endif
