/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mt-bench: turns (or prompt), a list of questions that are asked one after the other, with
 * question_id or prompt_id; optional: reference, a list of answers. A question without a
 * reference has no answer.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member mt_bench_turns[] = { MEMBER_TURNS, MEMBER_PROMPT, MEMBER_NONE };
static const enum member mt_bench_ids[] = { MEMBER_QUESTION_ID, MEMBER_PROMPT_ID,
                                            MEMBER_REFERENCE, MEMBER_REFERENCES, MEMBER_NONE };
static const enum member mt_bench_references[] = { MEMBER_REFERENCE, MEMBER_REFERENCES,
                                                   MEMBER_NONE };

static bool is_questions(const struct json_value *value)
{
    return json_type(value) == JSON_ARRAY && json_type(json_at(value, 0)) == JSON_STRING;
}

static bool mt_bench_match(const struct members *members)
{
    return (is_questions(members->values[MEMBER_TURNS]) ||
            is_questions(members->values[MEMBER_PROMPT])) &&
           members_have(members, mt_bench_ids) && !members_have(members, members_answers);
}

static void mt_bench_read(struct draft *draft)
{
    const struct json_value *turns =
        draft->members->values[draft_claim_first(draft, mt_bench_turns)];
    const struct json_value *answers =
        draft->members->values[draft_claim_first(draft, mt_bench_references)];

    draft_read_system(draft);
    if (!is_questions(turns))
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no list of questions");
    if (json_type(answers) != JSON_ARRAY && json_type(answers) != JSON_NULL)
        draft_reject(draft, DEFECT_BAD_TYPE, "its reference is not a list");
    if (json_count(answers) > json_count(turns))
        draft_reject(draft, DEFECT_UNCLAIMED_TEXT, "it has %zu questions and %zu references",
                     json_count(turns), json_count(answers));
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(turns); i++) {
        const struct json_value *answer = i < json_count(answers) ? json_at(answers, i) : NULL;

        draft_add_user(draft, draft_text(draft, json_at(turns, i), "a question"));
        draft_add_response(draft, draft_text(draft, answer, "a reference"));
    }
}

const struct format format_mt_bench = {
    .name = "mt-bench",
    .summary = "turns: questions one after the other; reference: their answers",
    .needs = { mt_bench_turns, mt_bench_ids },
    .match = mt_bench_match,
    .read = mt_bench_read,
};
