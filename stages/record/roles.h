/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.h - whose turn it is: from user to assistant and back.
 *
 * Tools may speak between an assistant's call and the answer; system turns do not count. A
 * trainer may refuse what does not alternate, or learn from it what it should not.
 */
#ifndef CURATE_ROLES_H
#define CURATE_ROLES_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct error;
struct sample;
struct turn;

/* The four roles. A turn of an unknown role has another text. */
extern const struct slice role_user;
extern const struct slice role_assistant;
extern const struct slice role_system;
extern const struct slice role_tool;

bool turn_has_role(const struct turn *turn, struct slice role);

enum roles_policy {
    ROLES_KEEP,
    ROLES_MERGE, /* turns of one role in a row become one, a blank line between their texts */
    ROLES_TRIM,  /* what comes before the first user turn or after the last answer goes, and
                    turns whose role is none of the four */
    ROLES_DROP,  /* the sample is left out */
};

/* "keep", "merge", "trim" or "drop". ERR_USAGE. */
int roles_choose(const char *name, enum roles_policy *out, struct error *err);
/* From a user turn on, role by known role, and not ending with a user who got an answer before.
 */
bool roles_alternate(const struct sample *sample);
/* Fill in kind, response_turn and instruction_turn: the last answer, and the last question
 * before it, or simply the last one when nothing was answered. */
void roles_find_turns(struct sample *sample);
/* Change the turns by the policy, if they do not alternate: 1 when something was changed, 0
 * when not, -1 for ERR_NOMEM. New turns and texts are in the arena. A turn that holds more than
 * text is merged with none. */
int roles_mend(struct sample *sample, enum roles_policy policy, struct arena *arena,
               struct error *err);

#endif
