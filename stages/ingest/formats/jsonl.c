/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl: the program's own shape. stages/export/layouts/jsonl.c writes and describes it.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static bool is_sample_kind(struct slice word)
{
    return slice_equal(word, slice_text("sft")) ||
           slice_equal(word, slice_text("prompt_only")) ||
           slice_equal(word, slice_text("pair")) || slice_equal(word, slice_text("text"));
}

static const enum member jsonl_kind[] = { MEMBER_KIND, MEMBER_NONE };
static const enum member jsonl_texts[] = { MEMBER_INSTRUCTION, MEMBER_CONTEXT, MEMBER_TURNS,
                                           MEMBER_NONE };

static bool jsonl_match(const struct members *members)
{
    const struct slice kind = json_text(members->values[MEMBER_KIND]);

    return kind.ptr && is_sample_kind(kind) && members_have(members, jsonl_texts);
}

/* Set what a turn says about itself besides its text. */
static void jsonl_read_facts(struct draft *draft, const struct json_value *from,
                             struct turn *turn)
{
    const struct slice side = json_text(json_get(from, "side"));
    bool trained = false;

    if (slice_equal(side, slice_text("chosen")))
        turn->side = TURN_SIDE_CHOSEN;
    else if (slice_equal(side, slice_text("rejected")))
        turn->side = TURN_SIDE_REJECTED;
    if (json_bool(json_get(from, "trained"), &trained))
        turn->trained = trained ? TURN_TRAINED_YES : TURN_TRAINED_NO;
    if (turn != draft->out->turns && turn[-1].side > turn->side)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "its turns are not in the order prompt, chosen, rejected");
}

static void jsonl_read_turn(struct draft *draft, const struct json_value *turn, size_t i)
{
    const struct json_value *extra = json_get(turn, "extra");
    const struct slice word = json_text(json_get(turn, "role"));

    if (word.len == 0) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "turn %zu has no role", i + 1);
        return;
    }
    if (!json_text(json_get(turn, "content")).ptr) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "turn %zu has no content", i + 1);
        return;
    }
    const struct slice role = draft_role_of(draft, word);
    draft_add_turn(draft, role, draft_text(draft, json_get(turn, "content"), "content"),
                   draft_other_members(draft, extra, slice_of(NULL, 0), slice_of(NULL, 0)));
    if (draft->state == DRAFT_GOOD)
        jsonl_read_facts(draft, turn, &draft->out->turns[draft->out->n_turns - 1]);
}

static void jsonl_read_turns(struct draft *draft, const struct json_value *turns)
{
    if (json_type(turns) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "turns is not a list");
        return;
    }
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(turns); i++)
        jsonl_read_turn(draft, json_at(turns, i), i);
}

static void jsonl_read_flat(struct draft *draft, struct slice instruction,
                            struct slice response)
{
    if (instruction.ptr)
        draft_add_user(draft, instruction);
    draft_add_response(draft, response);
}

static void jsonl_read(struct draft *draft)
{
    draft->unwrap = MEMBER_META;
    draft_read_system(draft);
    draft_claim(draft, MEMBER_KIND); /* the turns decide it */
    draft->out->context = draft_claim_text(draft, MEMBER_CONTEXT);
    draft->out->split = draft_claim_text(draft, MEMBER_SPLIT);
    const struct slice instruction = draft_claim_text(draft, MEMBER_INSTRUCTION);
    const struct slice response = draft_claim_text(draft, MEMBER_RESPONSE);
    const struct json_value *turns = draft_claim(draft, MEMBER_TURNS);
    if (turns)
        jsonl_read_turns(draft, turns);
    else
        jsonl_read_flat(draft, instruction, response);
}

const struct format format_jsonl = {
    .name = "jsonl",
    .summary = "this program's own: kind, context, instruction, response, turns, meta",
    .needs = { jsonl_kind, jsonl_texts },
    .match = jsonl_match,
    .read = jsonl_read,
};
