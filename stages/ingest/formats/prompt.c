/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt: the shape of TRL. prompt and completion, each a text or a list of messages; or a
 * prompt alone that is a list. A record with a label is a preference: it says whether its
 * completion is good, and is no example to learn from.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

static bool prompt_match(const struct json_value *record)
{
    const struct json_value *prompt = json_get(record, "prompt");

    if (!prompt || json_get(record, "chosen") ||
        json_type(json_get(record, "label")) == JSON_BOOL)
        return false;
    return json_get(record, "completion") || json_type(prompt) == JSON_ARRAY;
}

/* Read a member that is a list of messages, or the text of one turn of this role. */
static void prompt_read_side(struct draft *draft, const char *key, struct slice role)
{
    const struct json_value *value = draft_claim(draft, key);

    if (json_type(value) == JSON_ARRAY)
        chat_read(draft, value, &chat_openai);
    else if (value)
        draft_add_turn(draft, role, draft_text(draft, value, key), slice_of(NULL, 0));
}

static void prompt_read(struct draft *draft)
{
    draft_read_system(draft);
    if (!json_get(draft->record, "prompt"))
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no prompt");
    prompt_read_side(draft, "prompt", role_user);
    prompt_read_side(draft, "completion", role_assistant);
    draft_split_marked(draft);
}

const struct format format_prompt = {
    .name = "prompt",
    .summary = "prompt and completion: text, or lists of messages",
    .match = prompt_match,
    .read = prompt_read,
};
