/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.h - the roles of turns, and the order in which they should alternate.
 *
 * User and assistant alternate. Tool turns may stand between an assistant's call and its next
 * turn; system turns do not count. A trainer may reject other orders, or learn from them what
 * it should not.
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
/* Are two turns the same, except for their sides? */
bool turn_equals(const struct turn *a, const struct turn *b);
/* Does a turn only repeat the system prompt? A system prompt with ptr NULL is empty. */
bool turn_repeats_system(const struct turn *turn, struct slice system);

/* What to do with turns that do not alternate. */
enum roles_policy {
    ROLES_KEEP,
    ROLES_MERGE, /* join consecutive turns of one role, with a blank line between the texts */
    ROLES_TRIM,  /* remove turns before the first user turn and after the last assistant turn,
                    and turns of unknown roles */
    ROLES_DROP,  /* leave the sample out */
};

/* Names of the policies, by value, NULL-terminated. */
extern const char *const roles_names[];
/* Do the turns alternate: from a user turn on, all roles known, and not ending with a user turn
 * after an assistant has spoken? Of a pair both dialogues must. */
bool roles_alternate(const struct sample *sample);
/* The index of the last assistant turn of a pair's rejected side; -1 for other samples. */
int roles_find_rejected(const struct sample *sample);
/* Apply merge or trim to turns that do not alternate; other policies change nothing. Returns 1
 * when turns changed, 0 when not, -1 for ERR_NOMEM. New turns and texts are in the arena. A
 * turn with more than a text (thought, calls, media, extra) is not merged. */
int roles_apply(struct sample *sample, enum roles_policy policy, struct arena *arena,
                struct error *err);

#endif
