/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qa: a question and its answer under any of their names; optional: context, system, history.
 * The names of the question are question, query, problem, input, inputs, user, human and,
 * beside target or targets, source. Beside tools, answers may be calls of them (xLAM).
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member question_names[] = { MEMBER_QUESTION, MEMBER_QUERY,  MEMBER_PROBLEM,
                                              MEMBER_INPUT,    MEMBER_INPUTS, MEMBER_USER,
                                              MEMBER_HUMAN,    MEMBER_NONE };
static const enum member source_names[] = { MEMBER_SOURCE, MEMBER_NONE };
static const enum member target_names[] = { MEMBER_TARGET, MEMBER_TARGETS, MEMBER_NONE };
/* A response to a "question" comes before its "output": the order of this shape. */
static const enum member answer_names[] = {
    MEMBER_ANSWER,      MEMBER_RESPONSE,   MEMBER_OUTPUT,  MEMBER_SOLUTION,  MEMBER_COMPLETION,
    MEMBER_TARGET,      MEMBER_GENERATION, MEMBER_REPLY,   MEMBER_ASSISTANT, MEMBER_ANSWERS,
    MEMBER_OUTPUTS,     MEMBER_RESPONSES,  MEMBER_TARGETS, MEMBER_SOLUTIONS, MEMBER_COMPLETIONS,
    MEMBER_GENERATIONS, MEMBER_NONE
};

static bool qa_match(const struct members *members)
{
    return (members_have(members, question_names) && members_have(members, answer_names)) ||
           (members->values[MEMBER_SOURCE] && members_have(members, target_names));
}

/* xLAM's answers are the calls that the question needs. Returns false for other answers. */
static bool qa_read_calls(struct draft *draft)
{
    const struct json_value *answers = draft->members->values[MEMBER_ANSWERS];
    struct turn turn = { .role = role_assistant };

    if (!draft->members->values[MEMBER_TOOLS] || draft->state != DRAFT_GOOD ||
        draft_read_calls(draft, answers, &turn.calls) != 1)
        return false;
    draft_claim(draft, MEMBER_ANSWERS);
    draft_add(draft, &turn);
    return true;
}

static void qa_read(struct draft *draft)
{
    const bool has_question = members_have(draft->members, question_names);

    draft_read_system(draft);
    draft_read_history(draft);
    draft_read_context(draft);
    const struct slice question =
        draft_claim_first_text(draft, has_question ? question_names : source_names);
    if (!question.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no question");
    draft_add_user(draft, question);
    if (!qa_read_calls(draft))
        draft_read_answer(draft, answer_names);
}

const struct format format_qa = {
    .name = "qa",
    .summary = "question and answer, under any of their names; context, system, history",
    .needs = { question_names, answer_names },
    .match = qa_match,
    .read = qa_read,
};
