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

static const enum member sharegpt_lists[] = { MEMBER_CONVERSATIONS, MEMBER_CONVERSATION,
                                              MEMBER_DIALOGUE, MEMBER_DIALOG, MEMBER_NONE };
static const enum member sharegpt_data[] = { MEMBER_DATA, MEMBER_NONE };

/* UltraChat's "data" is a list of texts; lists of other things are no dialogue. */
static bool has_data_texts(const struct members *members)
{
    return json_type(members->values[MEMBER_DATA]) == JSON_ARRAY &&
           json_type(json_at(members->values[MEMBER_DATA], 0)) == JSON_STRING;
}

static bool sharegpt_match(const struct members *members)
{
    const enum json_type dialogue = json_type(members->values[MEMBER_DIALOGUE]);

    return members->values[MEMBER_CONVERSATIONS] || members->values[MEMBER_CONVERSATION] ||
           dialogue == JSON_ARRAY || has_data_texts(members) ||
           json_type(members->values[MEMBER_DIALOG]) == JSON_ARRAY;
}

static void sharegpt_read(struct draft *draft)
{
    draft_read_system(draft);
    const bool is_data = has_data_texts(draft->members);
    const enum member member =
        draft_claim_first(draft, is_data ? sharegpt_data : sharegpt_lists);
    const struct json_value *list = draft->members->values[member];
    if (!list) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no conversations");
    } else if (json_type(list) == JSON_STRING && !chat_is_encoded(list)) {
        draft_add_user(draft, draft_text(draft, list, member_name(member)));
    } else {
        chat_read(draft, list, &chat_sharegpt);
        draft_split_marked(draft);
    }
}

const struct format format_sharegpt = {
    .name = "sharegpt",
    .summary = "conversations: a list of from and value, or one question; system",
    .needs = { sharegpt_lists },
    .match = sharegpt_match,
    .read = sharegpt_read,
};
