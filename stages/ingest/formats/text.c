/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: plain text in text, content, raw_content or sentence. The text is the context of a
 * sample without turns.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

static const char *text_key(const struct json_value *record)
{
    static const char *const keys[] = { "text", "content", "raw_content", "sentence" };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (json_type(json_get(record, keys[i])) == JSON_STRING)
            return keys[i];
    return NULL;
}

static bool text_match(const struct json_value *record)
{
    return text_key(record);
}

static void text_read(struct draft *draft)
{
    const char *key = text_key(draft->record);
    const struct slice text = draft_claim_text(draft, key ? key : "text");
    if (!text.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no text");
    draft->out->context = text;
}

const struct format format_text = {
    .name = "text",
    .summary = "text, content, raw_content or sentence: no question, no answer",
    .match = text_match,
    .read = text_read,
};
