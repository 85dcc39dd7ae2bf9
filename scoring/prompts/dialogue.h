/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialogue.h - the turns of a sample, and which of them is the response to score. All text is
 * borrowed.
 */
#ifndef CURATE_DIALOGUE_H
#define CURATE_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum dialogue_role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

/* A call of a tool. */
struct dialogue_call {
    struct slice id; /* ptr is NULL if there is none */
    struct slice name;
    struct slice arguments; /* JSON as json_write() writes it */
};

struct dialogue_turn {
    enum dialogue_role role;
    struct slice text;
    struct slice thought; /* reasoning before the text; ptr is NULL if there is none */
    const struct dialogue_call *calls;
    size_t n_calls;
    struct slice call_id; /* the call that a tool turn answers; ptr is NULL if it has no id */
};

struct dialogue {
    struct slice system; /* ptr is NULL if there is none */
    const struct dialogue_turn *turns;
    size_t n_turns;
    const struct slice *tools; /* each a JSON object as json_write() writes it: a function */
    size_t n_tools;
};

/* The part of a response that is scored. A part before it is part of the prompt. */
enum response_part {
    RESPONSE_ALL,     /* the thought, the text and the calls */
    RESPONSE_ANSWER,  /* the text and the calls, after the thought */
    RESPONSE_THOUGHT, /* the thought; nothing comes after it */
};

/* Which responses of a dialogue are scored. */
struct response_choice {
    bool all_turns; /* false: the last one */
    enum response_part part;
};

/* The text of a sample to observe. A slice's ptr is NULL if the sample has no such text. */
struct observed_text {
    struct slice context;
    struct slice instruction;
    struct slice response; /* the scored part of it, as text: without calls */
    /* The dialogue that contains instruction and response, with all earlier turns; NULL if
     * there are no other turns. */
    const struct dialogue *dialogue;
    size_t response_turn; /* index of the response in the dialogue */
    enum response_part part;
    const char *reason;        /* static: why the response cannot be scored; NULL for none */
    const char *prompt_reason; /* the same for the prompt, which text metrics do not read */
    int64_t sample;            /* with response_turn, the key of the prompt in a prompt cache */
};

#endif
