/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shown.h - text of a corpus as a terminal may see it.
 */
#ifndef CURATE_SHOWN_H
#define CURATE_SHOWN_H

#include <stddef.h>

#include "base/slice.h"

struct buf;
struct error;

/* Append the text on one line: a line feed becomes U+23CE, any other control character and what
 * is no UTF-8 U+FFFD, so that no corpus can steer the terminal; what exceeds max_chars becomes
 * an ellipsis. */
int shown_add(struct slice text, size_t max_chars, struct buf *out, struct error *err);

#endif
