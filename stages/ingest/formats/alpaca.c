/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stanford's shape: instruction, input, output (or response), perhaps system and history. A
 * long input is the sample's context; a short one is part of the instruction.
 */
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/emit.h"
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

/* One question, at most one answer, and nothing that only a message can hold. */
static bool is_single_turn(const struct sample *sample, const char **why)
{
    const struct turn *turns = sample->turns;
    const char *detail = NULL;

    if (sample->n_turns > 2)
        detail = "it has more than one turn";
    else if (!slice_equal(turns[0].role, slice_text("user")))
        detail = "its first turn is not the user's";
    else if (sample->n_turns == 2 && !slice_equal(turns[1].role, slice_text("assistant")))
        detail = "its second turn is not the assistant's";
    else if (turns[0].extra.ptr || turns[sample->n_turns - 1].extra.ptr)
        detail = "a turn holds more than text";
    if (detail)
        *why = detail;
    return !detail;
}

static int alpaca_write(const struct sample *sample, struct buf *out, const char **why,
                        struct error *err)
{
    struct jsonout json;

    if (!emit_check(sample, why) || !is_single_turn(sample, why))
        return 0;
    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    emit_id(&json, sample);
    if (sample->system.ptr) {
        jsonout_key(&json, "system");
        jsonout_text(&json, sample->system);
    }
    jsonout_key(&json, "instruction");
    jsonout_text(&json, sample->turns[0].content);
    jsonout_key(&json, "input");
    jsonout_text(&json, sample->context.ptr ? sample->context : slice_text(""));
    if (sample->n_turns == 2) {
        jsonout_key(&json, "output");
        jsonout_text(&json, sample->turns[1].content);
    }
    emit_context_bytes(&json, sample);
    jsonout_object_end(&json);
    return jsonout_end(&json, err) < 0 ? -1 : 1;
}

const struct format format_alpaca = {
    .name = "alpaca",
    .summary = "instruction, input, output or response; system, history",
    .match = alpaca_match,
    .read = alpaca_read,
    .write = alpaca_write,
};
