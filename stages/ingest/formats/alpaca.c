/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alpaca: the shape of Stanford Alpaca. instruction, input, output; optional: system, history.
 * The answer may have another name, as "response"; so may the input, as "query". A long input
 * is the sample's context; a short input is part of the instruction.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static const enum member instruction_names[] = { MEMBER_INSTRUCTION, MEMBER_NONE };
static const enum member input_names[] = { MEMBER_INPUT, MEMBER_QUERY, MEMBER_QUESTION,
                                           MEMBER_PROBLEM, MEMBER_NONE };

static bool alpaca_match(const struct members *members)
{
    return members->values[MEMBER_INSTRUCTION] &&
           (members_have(members, members_answers) || members_have(members, input_names));
}

static void alpaca_read(struct draft *draft)
{
    draft_read_system(draft);
    draft_read_history(draft);
    const struct slice instruction = draft_claim_text(draft, MEMBER_INSTRUCTION);
    const struct slice input = draft_claim_first_text(draft, input_names);
    if (!instruction.ptr && input.len == 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no instruction");
    draft_add_instruction(draft, instruction, input);
    draft_add_response(draft, draft_claim_first_text(draft, members_answers));
}

const struct format format_alpaca = {
    .name = "alpaca",
    .summary = "instruction, input, output or another name of an answer; system, history",
    .needs = { instruction_names, members_answers },
    .match = alpaca_match,
    .read = alpaca_read,
};
