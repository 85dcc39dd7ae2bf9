/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prose.h - a text without its code: identifiers in code would be mistaken for a language.
 */
#ifndef CURATE_PROSE_H
#define CURATE_PROSE_H

#include "base/slice.h"

struct buf;
struct error;

/* Append the text without its fenced code blocks. Fences are CommonMark's; an open fence
 * reaches to the end of the text. Returns 0, or -1 with err set: ERR_NOMEM. */
int prose_add(struct slice text, struct buf *out, struct error *err);

#endif
