/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt-only: a question without an answer. instruction, prompt, question, query or problem;
 * optional: context. Or question_id and text, as in lists of test questions for chat models.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static const enum member prompt_only_names[] = { MEMBER_INSTRUCTION, MEMBER_PROMPT,
                                                 MEMBER_QUESTION,    MEMBER_QUERY,
                                                 MEMBER_PROBLEM,     MEMBER_NONE };

/* A text that a question_id says to be a question. */
static bool has_numbered_text(const struct members *members)
{
    return members->values[MEMBER_QUESTION_ID] && members->values[MEMBER_TEXT] &&
           !members_have(members, members_of_message);
}

static enum member prompt_only_member(const struct members *members)
{
    for (const enum member *name = prompt_only_names; *name; name++)
        if (members->values[*name])
            return *name;
    return has_numbered_text(members) ? MEMBER_TEXT : MEMBER_NONE;
}

static bool prompt_only_match(const struct members *members)
{
    return json_type(members->values[prompt_only_member(members)]) == JSON_STRING &&
           !members_have(members, members_answers);
}

static void prompt_only_read(struct draft *draft)
{
    const enum member member = prompt_only_member(draft->members);

    draft_read_system(draft);
    const struct slice question = draft_claim_text(draft, member ? member : MEMBER_PROMPT);
    if (!question.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "it has no instruction, prompt or question");
    draft_read_context(draft);
    draft_add_user(draft, question);
}

const struct format format_prompt_only = {
    .name = "prompt-only",
    .summary = "instruction, prompt, question or query and no answer; question_id and text",
    .needs = { prompt_only_names },
    .match = prompt_only_match,
    .read = prompt_only_read,
};
