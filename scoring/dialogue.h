/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialogue.h - who says what, in order. Text is borrowed.
 */
#ifndef CURATE_DIALOGUE_H
#define CURATE_DIALOGUE_H

#include <stddef.h>

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

#endif
