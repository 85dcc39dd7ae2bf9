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
                                              MEMBER_NONE };

static bool sharegpt_match(const struct members *members)
{
    return members_have(members, sharegpt_lists);
}

static void sharegpt_read(struct draft *draft)
{
    draft_read_system(draft);
    const enum member member = draft_claim_first(draft, sharegpt_lists);
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
