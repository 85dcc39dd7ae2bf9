/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dolly: instruction, context, response. The context may be empty.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static const enum member dolly_instruction[] = { MEMBER_INSTRUCTION, MEMBER_NONE };
static const enum member dolly_context[] = { MEMBER_CONTEXT, MEMBER_NONE };
static const enum member dolly_response[] = { MEMBER_RESPONSE, MEMBER_NONE };

static bool dolly_match(const struct members *members)
{
    return members->values[MEMBER_INSTRUCTION] && members->values[MEMBER_CONTEXT] &&
           members->values[MEMBER_RESPONSE];
}

static void dolly_read(struct draft *draft)
{
    draft_read_system(draft);
    const struct slice instruction = draft_claim_text(draft, MEMBER_INSTRUCTION);
    if (json_type(draft->members->values[MEMBER_CONTEXT]) == JSON_ARRAY)
        draft_read_context(draft);
    else
        draft_set_context(draft, draft_claim_text(draft, MEMBER_CONTEXT), "field");
    if (!instruction.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no instruction");
    draft_add_user(draft, instruction);
    draft_add_response(draft, draft_claim_text(draft, MEMBER_RESPONSE));
}

const struct format format_dolly = {
    .name = "dolly",
    .summary = "instruction, context, response",
    .needs = { dolly_instruction, dolly_context, dolly_response },
    .match = dolly_match,
    .read = dolly_read,
};
