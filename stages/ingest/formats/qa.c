/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qa: question or query, answer or response; optional: context, system, history.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static bool qa_match(const struct json_value *record)
{
    return (json_get(record, "question") || json_get(record, "query")) &&
           (json_get(record, "answer") || json_get(record, "response"));
}

static void qa_read(struct draft *draft)
{
    draft_read_system(draft);
    draft_read_history(draft);
    if (json_type(json_get(draft->record, "context")) == JSON_STRING)
        draft_set_context(draft, draft_claim_text(draft, "context"), "field");
    const struct slice question = draft_claim_either(draft, "question", "query");
    if (!question.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no question");
    draft_add_user(draft, question);
    draft_add_response(draft, draft_claim_either(draft, "answer", "response"));
}

const struct format format_qa = {
    .name = "qa",
    .summary = "question or query, answer or response; context, system, history",
    .match = qa_match,
    .read = qa_read,
};
