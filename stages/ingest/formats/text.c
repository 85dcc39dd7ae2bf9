/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: plain text in text, content, raw_content or sentence. The text is the context of a
 * sample without turns. A record with role, from or parent_id is a message, and a transcript is
 * a dialogue: neither is plain text.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/transcript.h"

static const enum member text_names[] = { MEMBER_TEXT, MEMBER_CONTENT, MEMBER_RAW_CONTENT,
                                          MEMBER_SENTENCE, MEMBER_NONE };

static enum member text_member(const struct members *members)
{
    for (const enum member *name = text_names; *name; name++)
        if (json_type(members->values[*name]) == JSON_STRING)
            return *name;
    return MEMBER_NONE;
}

static bool text_match(const struct members *members)
{
    return text_member(members) && !members_have(members, members_of_message) &&
           !transcript_is(json_text(members->values[MEMBER_TEXT]));
}

static void text_read(struct draft *draft)
{
    const enum member member = text_member(draft->members);
    const struct slice text = draft_claim_text(draft, member ? member : MEMBER_TEXT);
    if (members_have(draft->members, members_of_message))
        draft_reject(draft, DEFECT_UNKNOWN_SHAPE,
                     "with a role, from or parent_id it is a message of a dialogue, and no "
                     "plain text");
    if (!text.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no text");
    draft->out->context = text;
}

const struct format format_text = {
    .name = "text",
    .summary = "text, content, raw_content or sentence: no question, no answer",
    .needs = { text_names },
    .match = text_match,
    .read = text_read,
};
