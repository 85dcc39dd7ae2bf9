/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair: a prompt with a chosen and a rejected answer, each a text, a message or a list of
 * messages. These are the shapes of TRL, LLaMA-Factory, Anthropic HH, OpenAI, distilabel and
 * UltraFeedback.
 *
 * The prompt is a member of its own; or both answers are whole dialogues, and the prompt is the
 * turns with which both begin. Two answers with ratings are a pair, too. Behind --format pair
 * so is a list of two outputs: LLaMA-Factory's old ranking, best first.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/pair_private.h"
#include "stages/ingest/formats/transcript.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

static const enum member pair_chosen[] = { MEMBER_CHOSEN, MEMBER_PREFERRED_OUTPUT,
                                           MEMBER_CHOSEN_RESPONSE, MEMBER_NONE };
static const enum member pair_rejected[] = { MEMBER_REJECTED, MEMBER_NON_PREFERRED_OUTPUT,
                                             MEMBER_REJECTED_RESPONSE, MEMBER_NONE };
static const enum member pair_prompts[] = {
    MEMBER_PROMPT, MEMBER_INSTRUCTION,   MEMBER_QUESTION, MEMBER_QUERY,        MEMBER_PROBLEM,
    MEMBER_INPUT,  MEMBER_CONVERSATIONS, MEMBER_MESSAGES, MEMBER_CONVERSATION, MEMBER_NONE
};
/* Members whose value is a list of messages. */
static const enum member pair_lists[] = { MEMBER_PROMPT, MEMBER_CONVERSATIONS, MEMBER_MESSAGES,
                                          MEMBER_CONVERSATION, MEMBER_NONE };
/* Members whose value is a text. */
static const enum member pair_texts[] = { MEMBER_PROMPT, MEMBER_INSTRUCTION, MEMBER_QUESTION,
                                          MEMBER_QUERY,  MEMBER_PROBLEM,     MEMBER_INPUT,
                                          MEMBER_NONE };
static const enum member pair_inputs[] = { MEMBER_INPUT, MEMBER_QUERY, MEMBER_QUESTION,
                                           MEMBER_PROBLEM, MEMBER_NONE };

static enum member first_present(const struct members *members, const enum member *list)
{
    while (*list && !members->values[*list])
        list++;
    return *list;
}

static bool can_be_side(const struct json_value *value)
{
    const enum json_type type = json_type(value);

    return type == JSON_STRING || type == JSON_ARRAY || type == JSON_OBJECT;
}

/* Is it a list of messages of which the last is an answer? Then the record is a dialogue, and
 * its pair is a fact about it. */
static bool ends_with_answer(const struct json_value *list)
{
    const struct json_value *last = json_at(list, json_count(list) - 1);
    const struct json_value *role = json_get(last, "role");

    if (json_type(list) != JSON_ARRAY || json_count(list) == 0)
        return false;
    return slice_equal(chat_role_of(json_text(role ? role : json_get(last, "from"))),
                       role_assistant);
}

static bool pair_match(const struct members *members)
{
    const struct json_value *chosen = members->values[first_present(members, pair_chosen)];
    const struct json_value *rejected = members->values[first_present(members, pair_rejected)];
    const bool has_prompt = members_have(members, pair_prompts);

    if (!can_be_side(chosen) || !can_be_side(rejected))
        return has_prompt && pair_has_rated(members);
    if (ends_with_answer(members->values[MEMBER_MESSAGES]) ||
        ends_with_answer(members->values[MEMBER_CONVERSATIONS]))
        return false;
    return has_prompt || json_type(chosen) != JSON_STRING || transcript_is(json_text(chosen));
}

/* OpenAI's input: {"messages": [...], ...}. */
static const struct json_value *input_messages(const struct draft *draft)
{
    return json_get(draft->members->values[MEMBER_INPUT], "messages");
}

static bool is_list_of_messages(const struct json_value *value)
{
    return json_type(value) == JSON_ARRAY || pair_is_encoded(json_text(value));
}

/* The member that is a list of messages; MEMBER_NONE for none. */
static enum member find_prompt_list(const struct draft *draft)
{
    const enum member *list = pair_lists;

    if (input_messages(draft))
        return MEMBER_INPUT;
    while (*list && !is_list_of_messages(draft->members->values[*list]))
        list++;
    return *list;
}

/* Claim a prompt that is a user turn of the sample. Others stay unread. */
static void claim_repeated_prompt(struct draft *draft)
{
    const struct slice text = slice_trim(json_text(draft->members->values[MEMBER_PROMPT]));

    for (size_t i = 0; text.len > 0 && i < draft->out->n_turns; i++)
        if (turn_has_role(&draft->out->turns[i], role_user) &&
            slice_equal(slice_trim(draft->out->turns[i].content), text)) {
            draft_claim(draft, MEMBER_PROMPT);
            return;
        }
}

static void read_prompt_text(struct draft *draft)
{
    const enum member member = first_present(draft->members, pair_texts);
    const struct slice text = pair_text(draft, draft_claim(draft, member), member_name(member));

    draft_read_context(draft);
    if (member == MEMBER_INSTRUCTION)
        draft_add_instruction(draft, text, draft_claim_first_text(draft, pair_inputs));
    else if (transcript_is(text))
        transcript_read(draft, text, true);
    else if (text.len > 0)
        draft_add_user(draft, text);
    if (draft->out->n_turns == 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "it has no prompt, and its two answers are not dialogues with a common "
                     "start");
}

/* Read the prompt; turns of it that a side repeats are dropped from the side. */
static void read_pair_prompt(struct draft *draft, struct pair_side *chosen,
                             struct pair_side *rejected)
{
    const enum member list = find_prompt_list(draft);

    if (list) {
        chat_read(draft,
                  list == MEMBER_INPUT ? input_messages(draft) : draft->members->values[list],
                  &chat_openai);
        if (pair_drop_prompt(draft, chosen, rejected) ||
            !pair_sides_repeat_prompt(draft, chosen, rejected)) {
            draft_claim(draft, list);
            if (list == MEMBER_INPUT)
                draft_claim_value(draft, input_messages(draft));
            return;
        }
        draft->out->n_turns = 0; /* the sides know better; unread text is reported */
    }
    if (pair_sides_are_whole(chosen, rejected)) {
        pair_move_prompt(draft, chosen, rejected);
        claim_repeated_prompt(draft);
    } else {
        read_prompt_text(draft);
    }
}

/* Find the two answers in the record and claim them. */
static void find_sides(struct draft *draft, struct pair_side *chosen,
                       struct pair_side *rejected)
{
    const struct json_value *output = draft->members->values[MEMBER_OUTPUT];
    const enum member best = draft_claim_first(draft, pair_chosen);
    const enum member other = draft_claim_first(draft, pair_rejected);
    const bool is_rated = !best && !other && pair_has_rated(draft->members);

    chosen->value = draft->members->values[best];
    rejected->value = draft->members->values[other];
    if (best && other) {
        chosen->name = member_name(best);
        rejected->name = member_name(other);
    } else if (is_rated) {
        pair_choose_rated(draft, chosen, rejected);
    } else if (!best && !other && json_type(output) == JSON_ARRAY && json_count(output) == 2) {
        draft_claim(draft, MEMBER_OUTPUT);
        chosen->value = json_at(output, 0);
        rejected->value = json_at(output, 1);
    }
    if (!is_rated && (!chosen->value || !rejected->value))
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no chosen and rejected answer");
}

static void pair_read(struct draft *draft)
{
    struct pair_side chosen = { .name = "chosen" };
    struct pair_side rejected = { .name = "rejected" };

    if (input_messages(draft))
        draft->unwrap = MEMBER_INPUT; /* its other members are facts about the sample */
    find_sides(draft, &chosen, &rejected);
    draft_read_system(draft);
    draft_read_history(draft);
    if (!chosen.value) { /* the user keeps rated answers of which none is chosen */
        read_prompt_text(draft);
        return;
    }
    pair_read_side(draft, &chosen);
    pair_read_side(draft, &rejected);
    if (draft->state != DRAFT_GOOD)
        return;
    read_pair_prompt(draft, &chosen, &rejected);
    if (transcript_is(json_text(draft->members->values[MEMBER_PROMPT]))) {
        pair_trim_answer(&chosen);
        pair_trim_answer(&rejected);
    }
    draft_split_marked(draft);
    pair_add_sides(draft, &chosen, &rejected);
}

const struct format format_pair = {
    .name = "pair",
    .summary = "a prompt, chosen and rejected: texts, messages or whole dialogues",
    .needs = { pair_chosen, pair_rejected, pair_prompts },
    .match = pair_match,
    .read = pair_read,
};
