/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenAI's shape: messages, a list of role and content.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static bool messages_match(const struct json_value *record)
{
    return json_get(record, "messages");
}

static void messages_read(struct draft *draft)
{
    draft_take_system(draft);
    const struct json_value *list = draft_take(draft, "messages");
    if (!list)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no messages");
    chat_read(draft, list, &chat_openai);
    draft_split_marked(draft);
}

static int messages_write(const struct sample *sample, struct buf *out, const char **why,
                          struct error *err)
{
    return chat_write(sample, &chat_openai, out, why, err);
}

const struct format format_messages = {
    .name = "messages",
    .summary = "messages: a list of role and content",
    .match = messages_match,
    .read = messages_read,
    .write = messages_write,
};
