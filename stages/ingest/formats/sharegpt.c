/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharegpt: conversations, a list of from and value; optional: system. A string in the place of
 * the list is a question without an answer.
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
    draft_read_system(draft);
    const char *key =
        json_get(draft->record, "conversations") ? "conversations" : "conversation";
    const struct json_value *list = draft_claim(draft, key);
    if (!list) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no conversations");
    } else if (json_type(list) == JSON_STRING && !chat_is_encoded(list)) {
        draft_add_user(draft, draft_text(draft, list, key));
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
