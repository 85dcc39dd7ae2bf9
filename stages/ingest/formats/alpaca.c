/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stanford's shape: instruction, input, output (or response), perhaps system and history. A
 * long input is the sample's context; a short one is part of the instruction.
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
    draft_take_system(draft);
    draft_take_history(draft);
    const struct slice instruction = draft_take_text(draft, "instruction");
    const struct slice input = draft_take_text(draft, "input");
    if (!instruction.ptr && input.len == 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no instruction");
    draft_ask(draft, instruction, input);
    draft_answer(draft, draft_take_either(draft, "output", "response"));
}

const struct format format_alpaca = {
    .name = "alpaca",
    .summary = "instruction, input, output or response; system, history",
    .match = alpaca_match,
    .read = alpaca_read,
};
