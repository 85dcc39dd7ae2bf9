/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prune.h - write JSON without the nulls that a columnar store padded in.
 *
 * Such a store gives all objects of a column the same members. Members that an object lacked
 * become null. Padding is a member that is null, or an object of nothing but padding. An object
 * without members is not padding: its writer wrote it so. Elements of a list are never dropped,
 * because that would renumber the elements behind them.
 */
#ifndef CURATE_PRUNE_H
#define CURATE_PRUNE_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct error;
struct json_value;

/* Is a member with this value padding? */
bool prune_is_padding(const struct json_value *value);
/* Is the value padding, or a list or object without elements? Such a member of a message or of
 * a content part says nothing. */
bool prune_is_empty(const struct json_value *value);

/* Append the value as json_write() does, without padding at any depth. Returns 0, or -1 with
 * err set: ERR_NOMEM. */
int prune_write(const struct json_value *value, struct buf *out, struct error *err);
/* Append a member to the text of an object that is not closed yet: a bracket or a comma, the
 * name, a colon and the value without padding. `start` is the length that out had before the
 * object. */
int prune_write_member(struct slice name, const struct json_value *value, size_t start,
                       struct buf *out, struct error *err);
/* Append only the bracket or comma, the name and the colon. */
int prune_add_name(struct slice name, size_t start, struct buf *out, struct error *err);

#endif
