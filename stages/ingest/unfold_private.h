/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unfold_private.h - the names that unfold_find.c decides by and unfold.c unfolds by.
 */
#ifndef CURATE_UNFOLD_PRIVATE_H
#define CURATE_UNFOLD_PRIVATE_H

#include <stdbool.h>

#include "base/slice.h"

/* Is this the name of a member that holds a list of records, such as "data" or "train"? */
bool unfold_is_list_name(struct slice name);
/* Is such a list a part of the data that users keep apart, such as "train"? */
bool unfold_is_split_name(struct slice name);
/* The name of one of several, such as "question" of "questions"; ptr NULL if the name is not
 * one for several questions or answers. */
struct slice unfold_singular(struct slice name);
/* Is it the name of a list of messages, such as "conversations"? */
bool unfold_is_dialogue_name(struct slice name);

#endif
