/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TRL's shape: prompt and completion, each text or a list of messages; and a prompt alone when
 * it is a list. A record that says whether its completion is liked (label) is a preference,
 * which is another thing than an example to learn from.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"

static bool prompt_match(const struct json_value *record)
{
    const struct json_value *prompt = json_get(record, "prompt");

    if (!prompt || json_get(record, "chosen") ||
        json_type(json_get(record, "label")) == JSON_BOOL)
        return false;
    return json_get(record, "completion") || json_type(prompt) == JSON_ARRAY;
}

/* One side: a list of messages, or the text of one turn. */
static void read_side(struct draft *draft, const char *key, const char *role)
{
    const struct json_value *value = draft_take(draft, key);

    if (json_type(value) == JSON_ARRAY)
        chat_read(draft, value, &chat_openai);
    else if (value)
        draft_add_turn(draft, role, draft_text_of(draft, value, key), slice_of(NULL, 0));
}

static void prompt_read(struct draft *draft)
{
    draft_take_system(draft);
    if (!json_get(draft->record, "prompt"))
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no prompt");
    read_side(draft, "prompt", "user");
    read_side(draft, "completion", "assistant");
    draft_split_marked(draft);
}

const struct format format_prompt = {
    .name = "prompt",
    .summary = "prompt and completion: text, or lists of messages",
    .match = prompt_match,
    .read = prompt_read,
};
