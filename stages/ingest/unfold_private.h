/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unfold_private.h - what the files share that find and unfold records of several samples.
 */
#ifndef CURATE_UNFOLD_PRIVATE_H
#define CURATE_UNFOLD_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "stages/ingest/unfold.h"

/* A member as it is written: the name between its quotes, and the text of its value. */
struct raw_member {
    struct slice name;
    struct slice value;
};

struct unfolding {
    enum unfold how;
    struct slice text;
    const struct unfold_sink *sink;
    struct arena arena; /* lists of members */
    struct buf item;    /* the item that is put together */
    size_t n;           /* items so far */
    /* Members that belong to every item. */
    struct raw_member *outer;
    size_t n_outer;
    bool has_key;       /* the item has the key of its member for an id */
    struct slice split; /* the name of the list if it is a split; ptr NULL for none */
    struct error *err;
};

/* Begin an item that is an object. This and the next three return 0, or -1 with u->err set. */
int unfold_begin_item(struct unfolding *u);
/* Append a member to the item; first: nothing stands before it in its object. */
int unfold_add_raw(struct unfolding *u, struct slice name, struct slice value, bool first);
/* Append the members that belong to every item, except those that `own`, its object, has. */
int unfold_add_outer(struct unfolding *u, struct slice own);
/* End the item and hand it to the sink, whose result this returns. */
int unfold_end_item(struct unfolding *u);

/* unfold_paths.c: emit a tree for each path of the tree whose root this is. */
int unfold_paths(struct unfolding *u, struct slice root);

/* Is this the name of a member that holds a list of records, such as "data" or "train"? */
bool unfold_is_list_name(struct slice name);
/* Is this the name of a split, such as "train"? */
bool unfold_is_split_name(struct slice name);
/* The singular of a name for several questions or answers, such as "question" for "questions";
 * ptr NULL for other names. */
struct slice unfold_singular(struct slice name);
/* Is this the name of a list of messages, such as "conversations"? */
bool unfold_is_dialogue_name(struct slice name);

#endif
