/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/roles.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/sample.h"

static const char blank_line[] = "\n\n";

const struct slice role_user = { "user", 4 };
const struct slice role_assistant = { "assistant", 9 };
const struct slice role_system = { "system", 6 };
const struct slice role_tool = { "tool", 4 };

bool turn_has_role(const struct turn *turn, struct slice role)
{
    return slice_equal(turn->role, role);
}

bool turn_equals(const struct turn *a, const struct turn *b)
{
    return slice_equal(a->role, b->role) && slice_equal(a->content, b->content) &&
           slice_equal(a->thought, b->thought) && slice_equal(a->calls, b->calls) &&
           slice_equal(a->media, b->media) && slice_equal(a->extra, b->extra) &&
           a->trained == b->trained;
}

bool turn_repeats_system(const struct turn *turn, struct slice system)
{
    return turn_has_role(turn, role_system) && !turn->extra.ptr && !turn->media.ptr &&
           slice_equal(turn->content, system);
}

const char *const roles_names[] = { [ROLES_KEEP] = "keep",
                                    [ROLES_MERGE] = "merge",
                                    [ROLES_TRIM] = "trim",
                                    [ROLES_DROP] = "drop",
                                    NULL };

int roles_find_rejected(const struct sample *sample)
{
    return sample_has_sides(sample) ? sample_find_answer(sample, TURN_SIDE_REJECTED) : -1;
}

/* Only the layout jsonl can write other roles. */
static bool has_known_role(const struct turn *turn)
{
    return turn_has_role(turn, role_user) || turn_has_role(turn, role_assistant) ||
           turn_has_role(turn, role_system) || turn_has_role(turn, role_tool);
}

/* Do the turns of the prompt and of one side alternate? */
static bool side_alternates(const struct sample *sample, enum turn_side side)
{
    const struct turn *last = NULL;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (turn->side != TURN_SIDE_PROMPT && turn->side != side)
            continue;
        if (!has_known_role(turn))
            return false;
        if (turn_has_role(turn, role_system))
            continue;
        if (!last                            ? !turn_has_role(turn, role_user)
            : turn_has_role(turn, role_tool) ? turn_has_role(last, role_user)
                                             : slice_equal(turn->role, last->role))
            return false;
        last = turn;
    }
    return !last || !turn_has_role(last, role_user) || sample->response_turn < 0;
}

bool roles_alternate(const struct sample *sample)
{
    return side_alternates(sample, TURN_SIDE_CHOSEN) &&
           (!sample_has_sides(sample) || side_alternates(sample, TURN_SIDE_REJECTED));
}

static bool has_only_text(const struct turn *turn)
{
    return !turn->extra.ptr && !turn->thought.ptr && !turn->calls.ptr && !turn->media.ptr;
}

static bool can_merge(const struct turn *a, const struct turn *b)
{
    return slice_equal(a->role, b->role) && !turn_has_role(a, role_tool) &&
           !turn_has_role(a, role_system) && has_known_role(a) && has_only_text(a) &&
           has_only_text(b) && a->side == b->side && a->trained == b->trained;
}

static int join_turns(struct turn *into, const struct turn *turn, struct arena *arena,
                      struct error *err)
{
    const size_t n_blank = sizeof blank_line - 1;
    const size_t len = into->content.len + n_blank + turn->content.len;
    char *text = arena_alloc(arena, len + 1, 1);

    if (!text)
        return error_nomem(err);
    memcpy(text, into->content.ptr, into->content.len);
    memcpy(text + into->content.len, blank_line, n_blank);
    memcpy(text + into->content.len + n_blank, turn->content.ptr, turn->content.len);
    text[len] = '\0';
    into->content = slice_of(text, len);
    return 0;
}

static int merge_turns(struct sample *sample, struct arena *arena, struct error *err)
{
    struct turn *turns = arena_alloc(arena, sample->n_turns, sizeof *turns);
    size_t n = 0;

    if (!turns)
        return error_nomem(err);
    for (size_t i = 0; i < sample->n_turns; i++) {
        if (n == 0 || !can_merge(&turns[n - 1], &sample->turns[i]))
            turns[n++] = sample->turns[i];
        else if (join_turns(&turns[n - 1], &sample->turns[i], arena, err) < 0)
            return -1;
    }
    const int changed = n < sample->n_turns;
    sample->turns = turns;
    sample->n_turns = n;
    return changed;
}

/* The number of turns up to the last assistant turn of a side. All turns of a pair's prompt are
 * before an answer. */
static size_t end_of_side(const struct sample *sample, enum turn_side side)
{
    size_t end = sample->n_turns;

    if (side == TURN_SIDE_PROMPT && sample_has_sides(sample))
        return end;
    while (end > 0 && (!turn_has_role(&sample->turns[end - 1], role_assistant) ||
                       sample->turns[end - 1].side != side))
        end--;
    return end;
}

/* System turns before the first user turn stay. */
static int trim_turns(struct sample *sample, struct arena *arena, struct error *err)
{
    struct turn *turns = arena_alloc(arena, sample->n_turns, sizeof *turns);
    const size_t ends[] = { end_of_side(sample, TURN_SIDE_PROMPT),
                            end_of_side(sample, TURN_SIDE_CHOSEN),
                            end_of_side(sample, TURN_SIDE_REJECTED) };
    bool begun = false;
    size_t n = 0;

    if (!turns)
        return error_nomem(err);
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (i >= ends[turn->side])
            continue;
        begun = begun || turn_has_role(turn, role_user);
        if ((begun && has_known_role(turn)) || turn_has_role(turn, role_system))
            turns[n++] = *turn;
    }
    if (!begun) /* no turn would be left */
        return 0;
    const int changed = n < sample->n_turns;
    sample->turns = turns;
    sample->n_turns = n;
    return changed;
}

int roles_apply(struct sample *sample, enum roles_policy policy, struct arena *arena,
                struct error *err)
{
    int changed = 0;

    if (sample->n_turns == 0 || roles_alternate(sample))
        return 0;
    if (policy == ROLES_MERGE)
        changed = merge_turns(sample, arena, err);
    else if (policy == ROLES_TRIM)
        changed = trim_turns(sample, arena, err);
    if (changed == 1)
        sample_find_turns(sample);
    return changed;
}
