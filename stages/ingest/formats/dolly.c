/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dolly's shape: instruction, context, response. The context may be empty.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static bool dolly_match(const struct json_value *record)
{
    return json_get(record, "instruction") && json_get(record, "context") &&
           json_get(record, "response");
}

static int dolly_read(const struct json_value *record, const struct format_options *options,
                      struct arena *arena, struct sample *out, struct format_refusal *why,
                      struct error *err)
{
    struct draft draft = {
        .record = record, .options = options, .arena = arena, .out = out, .why = why, .err = err
    };

    draft_begin(&draft);
    draft_take_system(&draft);
    const struct slice instruction = draft_take_text(&draft, "instruction");
    draft_set_context(&draft, draft_take_text(&draft, "context"), "field");
    if (!instruction.ptr)
        draft_refuse(&draft, "missing_content", "it has no instruction");
    draft_add_turn(&draft, "user", instruction, slice_of(NULL, 0));
    draft_answer(&draft, draft_take_text(&draft, "response"));
    return draft_finish(&draft);
}

const struct format format_dolly = {
    .name = "dolly",
    .summary = "instruction, context, response",
    .match = dolly_match,
    .read = dolly_read,
};
