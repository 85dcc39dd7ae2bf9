/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialogue.h - the turns of a sample, and which of them is the response to score. All text is
 * borrowed.
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
    struct slice system; /* ptr is NULL if there is none */
    const struct dialogue_turn *turns;
    size_t n_turns;
};

/* The text of a sample to observe. A slice's ptr is NULL if the sample has no such text. */
struct observed_text {
    struct slice context;
    struct slice instruction;
    struct slice response;
    /* The dialogue that contains instruction and response, with all earlier turns; NULL if
     * there are no other turns. */
    const struct dialogue *dialogue;
    size_t response_turn; /* index of the response in the dialogue */
    int64_t sample;       /* with response_turn, the key of the prompt in a prompt cache */
};

#endif
