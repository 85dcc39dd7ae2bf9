/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair_private.h - what the files of the shape "pair" share.
 */
#ifndef CURATE_PAIR_PRIVATE_H
#define CURATE_PAIR_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "stages/ingest/formats/members.h"

struct draft;
struct json_value;
struct turn;

/* One side of a pair, as JSON and as turns in the draft's arena. */
struct pair_side {
    const struct json_value *value;
    const char *name; /* for details */
    struct turn *turns;
    size_t n;
};

/* pair_sides.c: read the turns of a side: a text, a transcript, a message, or a list of
 * messages. A system message becomes a turn. Turns of the sample stay. */
void pair_read_side(struct draft *draft, struct pair_side *side);
/* Is the text a list of messages as JSON? An answer may be JSON, too, but hardly this. */
bool pair_is_encoded(struct slice text);
/* The text of a value. A list of messages as Python prints it is rejected. */
struct slice pair_text(struct draft *draft, const struct json_value *value, const char *what);
/* Are both sides whole dialogues that begin with the same user turn? */
bool pair_sides_are_whole(const struct pair_side *chosen, const struct pair_side *rejected);
/* Move the turns with which both sides begin to the prompt, but never the last turn of a side.
 */
void pair_move_prompt(struct draft *draft, struct pair_side *chosen,
                      struct pair_side *rejected);
/* Do both sides begin with the first turn of the prompt? */
bool pair_sides_repeat_prompt(const struct draft *draft, const struct pair_side *chosen,
                              const struct pair_side *rejected);
/* Remove the turns of the prompt from both sides. Returns false if a side does not begin with
 * all of them. */
bool pair_drop_prompt(const struct draft *draft, struct pair_side *chosen,
                      struct pair_side *rejected);
/* Remove the blanks around the first turn of a side: its transcript ends with "Assistant:". */
void pair_trim_answer(struct pair_side *side);
/* Append both sides to the prompt. Rejects a side without an answer, and sides that are alike.
 */
void pair_add_sides(struct draft *draft, const struct pair_side *chosen,
                    const struct pair_side *rejected);

/* pair_rated.c: does the record hold a list of answers with a rating each? */
bool pair_has_rated(const struct members *members);
/* Choose the sides: of two answers the one with the higher rating is chosen. Rejects other
 * lists as unclaimed_text, because which of their answers to reject is not defined. */
void pair_choose_rated(struct draft *draft, struct pair_side *chosen,
                       struct pair_side *rejected);

#endif
