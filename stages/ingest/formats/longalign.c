/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longalign: messages and length. The first user message is a long passage, a blank line, and
 * the instruction about the passage.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"

static const enum member longalign_list[] = { MEMBER_MESSAGES, MEMBER_NONE };
static const enum member longalign_length[] = { MEMBER_LENGTH, MEMBER_NONE };

static bool longalign_match(const struct members *members)
{
    return members->values[MEMBER_MESSAGES] &&
           json_type(members->values[MEMBER_LENGTH]) == JSON_NUMBER;
}

static void longalign_read(struct draft *draft)
{
    draft_read_system(draft);
    const struct json_value *list = draft_claim(draft, MEMBER_MESSAGES);
    if (!list)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no messages");
    chat_read(draft, list, &chat_openai);
    if (!draft_split_marked(draft) && draft->options->split != SPLIT_NONE)
        draft_split_last_paragraph(draft);
    if (!draft->out->split.ptr)
        draft->out->split = slice_text("none");
}

const struct format format_longalign = {
    .name = "longalign",
    .summary = "messages and length: the user's message is context, blank line, instruction",
    .needs = { longalign_list, longalign_length },
    .match = longalign_match,
    .read = longalign_read,
};
