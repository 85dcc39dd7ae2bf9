/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outline.h - the names of the members of a JSON object whose text may be incomplete.
 */
#ifndef CURATE_OUTLINE_H
#define CURATE_OUTLINE_H

#include <stddef.h>

#include "base/slice.h"

/* Write the names as "a, b, c", as many as fit. Writes "" if the text is no object. */
void outline_names(struct slice text, char *out, size_t size);

#endif
