/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ShareGPT's shape: conversations, a list of from and value. Where it is one string it is a
 * question that nobody answered.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"

static bool sharegpt_match(const struct json_value *record)
{
    return json_get(record, "conversations") || json_get(record, "conversation");
}

static void sharegpt_read(struct draft *draft)
{
    draft_take_system(draft);
    const char *key =
        json_get(draft->record, "conversations") ? "conversations" : "conversation";
    const struct json_value *list = draft_take(draft, key);
    if (!list) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no conversations");
    } else if (json_type(list) == JSON_STRING && !chat_is_encoded(list)) {
        draft_add_turn(draft, "user", draft_text_of(draft, list, key), slice_of(NULL, 0));
    } else {
        chat_read(draft, list, &chat_sharegpt);
        draft_split_marked(draft);
    }
}

const struct format format_sharegpt = {
    .name = "sharegpt",
    .summary = "conversations: a list of from and value, or one question; system",
    .match = sharegpt_match,
    .read = sharegpt_read,
};
