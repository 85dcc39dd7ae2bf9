/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reject a record of which a shape leaves text unread that is a question, an answer or a
 * message by its name: the shape has not understood the record.
 *
 * Text that the sample holds under another name is no loss: a prompt beside the messages that
 * begin with it, a "text" that a question and its answer were formatted into.
 */
#include <stdio.h>
#include <string.h>

#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

enum { NAMES_BYTES = 128, DEPTH_MAX = 8 };

static bool holds(struct slice whole, struct slice part)
{
    return part.len > 0 && memmem(whole.ptr, whole.len, part.ptr, part.len);
}

static bool is_same(struct slice a, struct slice b)
{
    return a.ptr && slice_equal(slice_trim(a), b);
}

/* Does the text hold every turn of this role? A role with ptr NULL stands for all roles. Of a
 * turn whose context was separated only the rest counts. */
static bool holds_turns(const struct sample *sample, struct slice text, struct slice role)
{
    bool any = false;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (role.ptr && !turn_has_role(turn, role))
            continue;
        any = true;
        if (!holds(text, slice_trim(turn->content)))
            return false;
    }
    return any;
}

static bool is_in_turn(const struct sample *sample, struct slice text, struct slice role)
{
    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role) && holds(sample->turns[i].content, text))
            return true;
    return false;
}

static bool has_response_member(const struct sample *sample)
{
    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role_assistant))
            return true;
    return false;
}

/* Is a text that a member of this use holds in the sample, too? */
static bool is_read(const struct sample *sample, struct slice text, enum member_use use)
{
    text = slice_trim(text);
    if (text.len == 0 || is_same(sample->context, text) || is_same(sample->system, text))
        return true;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (is_same(sample->turns[i].content, text))
            return true;
    if (has_response_member(sample) && holds_turns(sample, text, slice_of(NULL, 0)))
        return true;
    if (use == USE_QUESTION)
        return (sample->context.ptr && holds(sample->context, text)) ||
               is_in_turn(sample, text, role_user) || holds_turns(sample, text, role_user);
    return (use == USE_ANSWER || use == USE_WEAK) && is_in_turn(sample, text, role_assistant);
}

/* A word about a message, not its text. */
static bool is_word_key(struct slice name)
{
    static const char *const words[] = { "role", "from", "type", "id", "name" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_equal(name, slice_text(words[i])))
            return true;
    return false;
}

/* Is all text of a value in the sample, too? */
static bool is_value_read(const struct sample *sample, const struct json_value *value,
                          enum member_use use, int depth)
{
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;

    if (depth > DEPTH_MAX)
        return false;
    if (json_type(value) == JSON_STRING)
        return is_read(sample, json_text(value), use);
    if (json_type(value) == JSON_ARRAY)
        for (size_t i = 0; i < json_count(value); i++)
            if (!is_value_read(sample, json_at(value, i), use, depth + 1))
                return false;
    while (json_type(value) == JSON_OBJECT && json_member_next(value, &pos, &name, &inner) == 1)
        if (!is_word_key(name) && !is_value_read(sample, inner, use, depth + 1))
            return false;
    return true;
}

/* Is this a rejected answer, while the sample holds the chosen one? Then it may stay in meta.
 */
static bool is_spare(const struct draft *draft, struct slice name)
{
    const struct json_value *chosen = draft->members->values[MEMBER_CHOSEN];

    return member_of(name) == MEMBER_REJECTED && chosen &&
           is_value_read(draft->out, chosen, USE_ANSWER, 0);
}

/* Is an answer of this side of the pair in a list of answers? */
static bool list_has_side(const struct sample *pair, const struct json_value *list,
                          enum turn_side side)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_value *answer = json_at(list, i);
        const struct slice text =
            json_text(json_type(answer) == JSON_OBJECT ? json_get(answer, "response") : answer);

        for (size_t j = 0; text.len > 0 && j < pair->n_turns; j++)
            if (pair->turns[j].side == side &&
                is_same(pair->turns[j].content, slice_trim(text)))
                return true;
    }
    return false;
}

/* Do both sides of the pair come from this list? Then its other answers may stay in meta. */
static bool is_list_of_choices(const struct draft *draft, const struct json_value *value)
{
    return json_type(value) == JSON_ARRAY &&
           list_has_side(draft->out, value, TURN_SIDE_CHOSEN) &&
           list_has_side(draft->out, value, TURN_SIDE_REJECTED);
}

static bool is_unread(const struct draft *draft, struct slice name,
                      const struct json_value *value)
{
    const enum member_use use = member_use_of(name);

    if (use == USE_OTHER || (use == USE_WEAK && has_response_member(draft->out)))
        return false;
    return value != draft->accepted && !is_spare(draft, name) &&
           !(use == USE_ANSWER && is_list_of_choices(draft, value)) &&
           !is_value_read(draft->out, value, use, 0);
}

/* Append a name to a list; false when it does not fit. */
static bool add_unclaimed_name(char *list, size_t size, struct slice name)
{
    const size_t len = strlen(list);

    if (len + name.len + sizeof ", and others" >= size)
        return false;
    snprintf(list + len, size - len, "%s%.*s", len > 0 ? ", " : "", (int)name.len, name.ptr);
    return true;
}

size_t draft_name_members(const struct json_value *record, char *out, size_t size,
                          bool (*wanted)(const void *arg, struct slice name,
                                         const struct json_value *value),
                          const void *arg)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;
    size_t n = 0;
    bool full = false;

    out[0] = '\0';
    while (json_member_next(record, &pos, &name, &value) == 1) {
        if (!wanted(arg, name, value))
            continue;
        n++;
        full = full || !add_unclaimed_name(out, size, name);
    }
    if (full)
        snprintf(out + strlen(out), size - strlen(out), "%sand others", out[0] ? ", " : "");
    return n;
}

static bool is_unclaimed(const void *arg, struct slice name, const struct json_value *value)
{
    const struct draft *draft = arg;

    return json_type(value) != JSON_NULL && !draft_is_claimed(draft, name, value) &&
           is_unread(draft, name, value);
}

void draft_check_unclaimed(struct draft *draft)
{
    const struct defect_policy *policy = draft->options->policy;
    char names[NAMES_BYTES];

    if (draft->state != DRAFT_GOOD ||
        draft_name_members(draft->members->record, names, sizeof names, is_unclaimed, draft) ==
            0)
        return;
    if (policy && policy->actions[DEFECT_UNCLAIMED_TEXT] == ACTION_KEEP)
        draft_add_defect(draft, DEFECT_UNCLAIMED_TEXT);
    else
        draft_reject(draft, DEFECT_UNCLAIMED_TEXT, "the shape %s leaves text unread: %s",
                     draft->format->name, names);
}
