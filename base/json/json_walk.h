/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_walk.h - iterate over the text of an array or object, without a tree.
 *
 * The slices point into the text, so their bytes are unchanged. The text must be JSON that
 * json_parse() has accepted.
 */
#ifndef CURATE_JSON_WALK_H
#define CURATE_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct json_walk {
    struct slice text;
    size_t pos; /* of the next element or member */
};

/* Begin before the first element or member. The text is borrowed. */
void json_walk_begin(struct json_walk *walk, struct slice text);
/* Get the next element or member. name is the member's name between its quotes, escapes
 * included; it is empty for an element. Returns false at the end. */
bool json_walk_next(struct json_walk *walk, struct slice *name, struct slice *value);

#endif
