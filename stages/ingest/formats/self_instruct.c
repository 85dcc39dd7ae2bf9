/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self-instruct: instruction and instances, a list of input and output. A record with one
 * instance is one sample. A record with several is rejected, for one sample cannot hold them.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static const enum member self_instruct_instruction[] = { MEMBER_INSTRUCTION, MEMBER_NONE };
static const enum member self_instruct_instances[] = { MEMBER_INSTANCES, MEMBER_NONE };

static bool self_instruct_match(const struct members *members)
{
    return members->values[MEMBER_INSTRUCTION] &&
           json_type(members->values[MEMBER_INSTANCES]) == JSON_ARRAY;
}

static void self_instruct_read(struct draft *draft)
{
    const struct slice instruction = draft_claim_text(draft, MEMBER_INSTRUCTION);
    const struct json_value *instances = draft_claim(draft, MEMBER_INSTANCES);
    const struct json_value *instance =
        json_count(instances) > 0 ? json_at(instances, 0) : NULL;
    if (!instruction.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no instruction");
    if (json_type(instances) != JSON_ARRAY)
        draft_reject(draft, DEFECT_BAD_TYPE, "instances is not a list");
    if (json_count(instances) > 1)
        draft_reject(draft, DEFECT_UNKNOWN_SHAPE,
                     "it holds %zu instances, and one sample needs one", json_count(instances));
    if (instance && json_type(instance) != JSON_OBJECT)
        draft_reject(draft, DEFECT_BAD_TYPE, "its instance is not an object");
    draft_add_instruction(
        draft, instruction,
        draft_text(draft, json_get(instance, "input"), "the instance's input"));
    draft_add_response(
        draft, draft_text(draft, json_get(instance, "output"), "the instance's output"));
}

const struct format format_self_instruct = {
    .name = "self-instruct",
    .summary = "instruction and instances: one pair of input and output",
    .needs = { self_instruct_instruction, self_instruct_instances },
    .match = self_instruct_match,
    .read = self_instruct_read,
};
