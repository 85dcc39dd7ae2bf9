/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passage.h - where a long passage ends in a text, and the question about it begins.
 *
 * The question is the last paragraph or the first one; in a text without a blank line, the last
 * or the first line. The rest is the passage, if it is long and the question is not. Of the
 * two, the question is the one that ends with a question mark, or else with a colon, or else
 * with another mark; the last one if both end with a question mark or both with a colon. One
 * with another mark must be at most half as long as the other, unless that is a title or the
 * like. Otherwise the text stays whole: a wrong question is worse than none.
 */
#ifndef CURATE_PASSAGE_H
#define CURATE_PASSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* A shorter text in front of or behind a question is a part of it. An input of alpaca is a
 * context from the same length on. */
enum { PASSAGE_LEAST_BYTES = 2000, PASSAGE_QUESTION_BYTES = 1000 };

struct passage {
    struct slice context;
    struct slice question;
    const char *split; /* "last-paragraph", "last-line", "first-paragraph" or "first-line" */
};

/* Find the passage in a text. Returns false when there is none. The parts are borrowed. */
bool passage_find(struct slice text, struct passage *out);
/* Did the passage stand behind its question? split is that of a sample. */
bool passage_is_last(struct slice split);

/* The split of a sample whose short input stands behind its instruction, with a newline
 * between: this word, a blank and the length of the instruction in bytes. No number: the
 * instruction was empty, or an earlier release read the record. */
#define INPUT_JOINED "input-joined"
/* Take a joined text apart. Returns false when the split names no newline in it with text on
 * both sides. The parts are borrowed. */
bool passage_part_input(struct slice split, struct slice text, struct slice *instruction,
                        struct slice *input);

#endif
