/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dolly: instruction, context, response. The context may be empty.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static bool dolly_match(const struct json_value *record)
{
    return json_get(record, "instruction") && json_get(record, "context") &&
           json_get(record, "response");
}

static void dolly_read(struct draft *draft)
{
    draft_read_system(draft);
    const struct slice instruction = draft_claim_text(draft, "instruction");
    draft_set_context(draft, draft_claim_text(draft, "context"), "field");
    if (!instruction.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no instruction");
    draft_add_user(draft, instruction);
    draft_add_response(draft, draft_claim_text(draft, "response"));
}

const struct format format_dolly = {
    .name = "dolly",
    .summary = "instruction, context, response",
    .match = dolly_match,
    .read = dolly_read,
};
