/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chosen and the rejected side of a pair.
 */
#include <string.h>

#include "base/arena.h"
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/pair_private.h"
#include "stages/ingest/formats/transcript.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

static bool is_message_object(const struct json_value *value)
{
    return json_text(json_get(value, "role")).ptr || json_text(json_get(value, "from")).ptr;
}

/* Is the text a list that contains these two names? */
static bool is_list_with(struct slice text, const char *first, const char *second)
{
    text = slice_trim(text);
    return text.len > 0 && text.ptr[0] == '[' &&
           memmem(text.ptr, text.len, first, strlen(first)) &&
           memmem(text.ptr, text.len, second, strlen(second));
}

bool pair_is_encoded(struct slice text)
{
    return is_list_with(text, "\"role\"", "\"content\"") ||
           is_list_with(text, "\"from\"", "\"value\"");
}

struct slice pair_text(struct draft *draft, const struct json_value *value, const char *what)
{
    const struct slice text = draft_text(draft, value, what);

    if (is_list_with(text, "'role'", "'content'") || is_list_with(text, "'from'", "'value'"))
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "%s is a list of messages as Python prints it, and not as JSON", what);
    return text;
}

static void read_side_turns(struct draft *draft, const struct pair_side *side)
{
    const struct json_value *value = side->value;
    const struct slice text = json_text(value);
    const struct slice none = { NULL, 0 };
    const bool is_texts = json_type(json_at(value, 0)) == JSON_STRING;

    if (json_type(value) == JSON_STRING && transcript_is(text))
        transcript_read(draft, draft_text(draft, value, side->name), false);
    else if (json_type(value) == JSON_OBJECT && is_message_object(value))
        chat_read_message(draft, value, 0, &chat_openai);
    else if (json_type(value) == JSON_OBJECT || pair_is_encoded(text) ||
             (json_type(value) == JSON_ARRAY && !is_texts))
        chat_read(draft, value, &chat_openai);
    else
        draft_add_turn(draft, role_assistant, pair_text(draft, value, side->name), none);
}

void pair_read_side(struct draft *draft, struct pair_side *side)
{
    const struct sample before = *draft->out;
    const size_t cap = draft->turns_cap;

    draft->out->turns = NULL;
    draft->out->n_turns = 0;
    draft->turns_cap = 0;
    draft->out->system = slice_text(""); /* so that a system message becomes a turn */
    read_side_turns(draft, side);
    side->turns = draft->out->turns;
    side->n = draft->out->n_turns;
    *draft->out = before;
    draft->turns_cap = cap;
}

/* The number of system messages at the start. */
static size_t count_system_turns(const struct pair_side *side)
{
    size_t n = 0;

    while (n < side->n && turn_has_role(&side->turns[n], role_system))
        n++;
    return n;
}

/* The number of turns with which both sides begin. */
static size_t count_common_turns(const struct pair_side *a, const struct pair_side *b)
{
    size_t n = 0;

    while (n < a->n && n < b->n && turn_equals(&a->turns[n], &b->turns[n]))
        n++;
    return n;
}

bool pair_sides_are_whole(const struct pair_side *chosen, const struct pair_side *rejected)
{
    const size_t n = count_system_turns(chosen);

    return n < chosen->n && turn_has_role(&chosen->turns[n], role_user) &&
           count_common_turns(chosen, rejected) > n;
}

static void drop_turns(struct pair_side *side, size_t n)
{
    side->turns += n;
    side->n -= n;
}

static void append_pair_turn(struct draft *draft, const struct turn *turn, enum turn_side side)
{
    draft_add_turn(draft, turn->role, turn->content, turn->extra);
    if (draft->state != DRAFT_GOOD)
        return;
    struct turn *added = &draft->out->turns[draft->out->n_turns - 1];
    *added = *turn;
    added->side = side;
}

/* Is the turn the sample's system prompt, or will it become that? */
static bool is_system_text(const struct draft *draft, const struct turn *turn)
{
    const struct slice system = draft->out->system;

    return draft->out->n_turns == 0 && turn_has_role(turn, role_system) && !turn->extra.ptr &&
           !turn->media.ptr && (!system.ptr || slice_equal(system, turn->content));
}

void pair_move_prompt(struct draft *draft, struct pair_side *chosen, struct pair_side *rejected)
{
    const size_t fewest = chosen->n < rejected->n ? chosen->n : rejected->n;
    const size_t common = count_common_turns(chosen, rejected);
    const size_t n = common < fewest ? common : fewest - 1;

    for (size_t i = 0; i < n; i++) {
        const struct turn *turn = &chosen->turns[i];

        if (i > 0 || !is_system_text(draft, turn))
            append_pair_turn(draft, turn, TURN_SIDE_PROMPT);
        else if (turn->content.len > 0)
            draft->out->system = turn->content;
    }
    drop_turns(chosen, n);
    drop_turns(rejected, n);
}

/* Does the side begin with the turns of the prompt? *n_system turns of the side are skipped:
 * they are the sample's system prompt. */
static bool begins_with_turns(const struct sample *prompt, size_t n_turns,
                              const struct pair_side *side, size_t *n_system)
{
    const size_t skip = side->n > 0 && turn_repeats_system(&side->turns[0], prompt->system);

    if (side->n < skip + n_turns)
        return false;
    for (size_t i = 0; i < n_turns; i++)
        if (!turn_equals(&side->turns[skip + i], &prompt->turns[i]))
            return false;
    *n_system = skip;
    return n_turns > 0;
}

bool pair_sides_repeat_prompt(const struct draft *draft, const struct pair_side *chosen,
                              const struct pair_side *rejected)
{
    const size_t n = draft->out->n_turns > 0;
    size_t ignored;

    return begins_with_turns(draft->out, n, chosen, &ignored) &&
           begins_with_turns(draft->out, n, rejected, &ignored);
}

bool pair_drop_prompt(const struct draft *draft, struct pair_side *chosen,
                      struct pair_side *rejected)
{
    const size_t n = draft->out->n_turns;
    size_t skip_chosen, skip_rejected;

    if (!begins_with_turns(draft->out, n, chosen, &skip_chosen) ||
        !begins_with_turns(draft->out, n, rejected, &skip_rejected))
        return false;
    drop_turns(chosen, skip_chosen + n);
    drop_turns(rejected, skip_rejected + n);
    return true;
}

void pair_trim_answer(struct pair_side *side)
{
    if (side->n > 0)
        side->turns[0].content = slice_trim(side->turns[0].content);
}

void pair_add_sides(struct draft *draft, const struct pair_side *chosen,
                    const struct pair_side *rejected)
{
    for (size_t i = 0; i < chosen->n; i++)
        append_pair_turn(draft, &chosen->turns[i], TURN_SIDE_CHOSEN);
    for (size_t i = 0; i < rejected->n; i++)
        append_pair_turn(draft, &rejected->turns[i], TURN_SIDE_REJECTED);
}
