/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unfold.h - records that hold several records: lists in a wrapper, objects of records,
 * columns.
 *
 * Such a record is unfolded into items. An item is the JSON text of a record of its own, so it
 * can be read, rejected and read again like any other. Members beside the items belong to
 * each item: they are copied into it. If the item has a member of such a name, the copy is
 * named "wrapper_" and the name.
 */
#ifndef CURATE_UNFOLD_H
#define CURATE_UNFOLD_H

#include <stdbool.h>

#include "base/slice.h"

struct error;
struct json_value;
struct members;

enum unfold {
    UNFOLD_NONE, /* the record is one sample, or none */
    /* {"data": [{...}, {...}]}, also under the name of a split; {"instances": [...]}. An object
     * may stand for the list: columns, or records by their ids. */
    UNFOLD_LISTS,
    /* {"conversations": [[...], [...]]} */
    UNFOLD_DIALOGUES,
    /* {"id1": {...}, "id2": {...}} */
    UNFOLD_MEMBERS,
    /* The same, and each member holds several records: {"train": {"instruction": [...], ...}}
     */
    UNFOLD_PARTS,
    /* {"instruction": ["a", "b"], "output": ["c", "d"]} */
    UNFOLD_COLUMNS,
    /* {"input": "text", "instructions": ["a", "b"], "outputs": ["c", "d"]} */
    UNFOLD_PLURALS,
    /* {"prompt": {"text": "a", "replies": [{...}, {...}]}}: a tree for each path */
    UNFOLD_PATHS,
};

enum { UNFOLD_DEPTH_MAX = 5 }; /* items of items */

/* Is the value a list of messages, with no record around it? */
bool unfold_is_messages(const struct json_value *value);
/* How to unfold a record that a shape might match by mistake. Looks at few members. */
enum unfold unfold_find_rows(const struct members *members);
/* How to unfold a record that no shape matches. */
enum unfold unfold_find_wrapped(const struct members *members);

/* How to unfold the valid JSON of a record that has too many values for a tree in memory. Finds
 * only wrappers around a list. */
enum unfold unfold_find_large(struct slice text);
/* Is it a tree of messages with several paths, for UNFOLD_PATHS? */
bool unfold_has_paths(const struct members *members);

/* Receives each item. Returns 0; 1 to end the walk; -1 with err set. */
struct unfold_sink {
    int (*each)(void *arg, struct slice item, struct error *err);
    void *arg;
};

/* Unfold the text of a record, which must not change meanwhile. The items are valid until
 * each() returns. Returns 0, or -1: ERR_NOMEM or the error of each(). */
int unfold_each(enum unfold how, struct slice text, const struct unfold_sink *sink,
                struct error *err);

#endif
