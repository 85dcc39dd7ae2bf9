/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt-only: a question without an answer. instruction, prompt, question or query, the key in
 * any case; optional: context. No other member may be an answer or the text itself. Or
 * question_id and text, as in lists of test questions for chat models.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static const char *const question_keys[] = { "instruction", "prompt", "question", "query" };
static const char *const answer_keys[] = { "chosen", "rejected", "completion", "completions",
                                           "answer", "answers",  "output",     "response",
                                           "text",   "content",  "raw_content" };

static const char *question_key(const struct json_value *record)
{
    for (size_t i = 0; i < sizeof question_keys / sizeof question_keys[0]; i++)
        if (json_get_nocase(record, question_keys[i]))
            return question_keys[i];
    return json_get(record, "question_id") ? "text" : NULL;
}

static bool prompt_only_match(const struct json_value *record)
{
    const char *key = question_key(record);

    if (!key || json_type(json_get_nocase(record, key)) != JSON_STRING)
        return false;
    for (size_t i = 0; i < sizeof answer_keys / sizeof answer_keys[0]; i++)
        if (strcmp(answer_keys[i], key) != 0 && json_get_nocase(record, answer_keys[i]))
            return false;
    return true;
}

static void prompt_only_read(struct draft *draft)
{
    draft->nocase = true;
    draft_read_system(draft);
    const char *key = question_key(draft->record);
    const struct slice question = draft_claim_text(draft, key ? key : "prompt");
    if (!question.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "it has no instruction, prompt or question");
    if (json_type(json_get_nocase(draft->record, "context")) == JSON_STRING)
        draft_set_context(draft, draft_claim_text(draft, "context"), "field");
    draft_add_user(draft, question);
}

const struct format format_prompt_only = {
    .name = "prompt-only",
    .summary = "instruction, prompt, question or query and no answer; question_id and text",
    .match = prompt_only_match,
    .read = prompt_only_read,
};
