/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages: OpenAI's list of role and content.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"

static const enum member messages_list[] = { MEMBER_MESSAGES, MEMBER_NONE };

static bool messages_match(const struct members *members)
{
    return members->values[MEMBER_MESSAGES];
}

static void messages_read(struct draft *draft)
{
    draft_read_system(draft);
    const struct json_value *list = draft_claim(draft, MEMBER_MESSAGES);
    if (!list)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no messages");
    chat_read(draft, list, &chat_openai);
    draft_split_marked(draft);
}

const struct format format_messages = {
    .name = "messages",
    .summary = "messages: a list of role and content",
    .needs = { messages_list },
    .match = messages_match,
    .read = messages_read,
};
