/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alpaca: the shape of Stanford Alpaca. instruction, input, output or response; optional:
 * system, history. A long input is the sample's context; a short input is part of the
 * instruction.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static bool alpaca_match(const struct json_value *record)
{
    return json_get(record, "instruction") &&
           (json_get(record, "output") || json_get(record, "response") ||
            json_get(record, "input"));
}

static void alpaca_read(struct draft *draft)
{
    draft_read_system(draft);
    draft_read_history(draft);
    const struct slice instruction = draft_claim_text(draft, "instruction");
    const struct slice input = draft_claim_text(draft, "input");
    if (!instruction.ptr && input.len == 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no instruction");
    draft_add_instruction(draft, instruction, input);
    draft_add_response(draft, draft_claim_either(draft, "output", "response"));
}

const struct format format_alpaca = {
    .name = "alpaca",
    .summary = "instruction, input, output or response; system, history",
    .match = alpaca_match,
    .read = alpaca_read,
};
