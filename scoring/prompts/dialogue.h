/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialogue.h - who says what, in order. Text is borrowed.
 */
#ifndef CURATE_DIALOGUE_H
#define CURATE_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum dialogue_role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

struct dialogue_turn {
    enum dialogue_role role;
    struct slice text;
};

struct dialogue {
    struct slice system; /* ptr NULL where there is none */
    const struct dialogue_turn *turns;
    size_t n_turns;
};

/* Borrowed text; ptr NULL where the sample has none. */
struct observed_text {
    struct slice context;
    struct slice instruction;
    struct slice response;
    /* The dialogue that these two are turns of, with all that was said before; NULL where they
     * are all of it. */
    const struct dialogue *dialogue;
    size_t response_turn; /* the response's index there */
    int64_t sample;       /* with response_turn, what its prompt is kept and found by */
};

#endif
