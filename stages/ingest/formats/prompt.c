/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt: the shape of TRL. prompt and completion, or another name of an answer; each is a text
 * or a list of messages. Or a prompt alone that is a list. An input that is a list of messages
 * is a prompt, too. A prompt may be a transcript with Human: and Assistant:.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/transcript.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

static const enum member prompt_names[] = { MEMBER_PROMPT, MEMBER_INPUT, MEMBER_NONE };
static const enum member completion_names[] = { MEMBER_COMPLETION, MEMBER_NONE };
static const enum member prompt_questions[] = { MEMBER_QUESTION, MEMBER_QUERY, MEMBER_PROBLEM,
                                                MEMBER_NONE };

static bool prompt_match(const struct members *members)
{
    const struct json_value *prompt = members->values[MEMBER_PROMPT];

    if (!prompt && json_type(json_at(members->values[MEMBER_INPUT], 0)) == JSON_OBJECT)
        return members_have(members, members_answers);
    if (!prompt || members->values[MEMBER_CHOSEN])
        return false;
    if (members->values[MEMBER_COMPLETION] || json_type(prompt) == JSON_ARRAY)
        return true;
    return members_have(members, members_answers) && !members_have(members, prompt_questions);
}

/* Read a member that is a list of messages, or the text of one turn of this role. */
static void prompt_read_side(struct draft *draft, enum member member, struct slice role)
{
    const struct json_value *value = draft->members->values[member];

    if (json_type(value) == JSON_ARRAY && json_type(json_at(value, 0)) != JSON_STRING)
        chat_read(draft, value, &chat_openai);
    else if (transcript_is(json_text(value)))
        transcript_read(draft, draft_text(draft, value, member_name(member)),
                        slice_equal(role, role_user));
    else if (value)
        draft_add_turn(draft, role, draft_text(draft, value, member_name(member)),
                       slice_of(NULL, 0));
}

static void prompt_read(struct draft *draft)
{
    const bool has_completion = draft->members->values[MEMBER_COMPLETION];

    draft_read_system(draft);
    draft_read_history(draft);
    if (!members_have(draft->members, prompt_names))
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no prompt");
    prompt_read_side(draft, draft_claim_first(draft, prompt_names), role_user);
    prompt_read_side(
        draft, draft_claim_first(draft, has_completion ? completion_names : members_answers),
        role_assistant);
    if (draft->state == DRAFT_GOOD && draft->out->n_turns > 0 &&
        transcript_is(json_text(draft->members->values[MEMBER_PROMPT]))) {
        struct turn *last = &draft->out->turns[draft->out->n_turns - 1];

        last->content = slice_trim(last->content); /* it follows "Assistant: " */
    }
    draft_split_marked(draft);
}

const struct format format_prompt = {
    .name = "prompt",
    .summary = "prompt and completion or another name of an answer: text, or lists of messages",
    .needs = { prompt_names, members_answers },
    .match = prompt_match,
    .read = prompt_read,
};
