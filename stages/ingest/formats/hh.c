/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hh: text, a transcript in which paragraphs begin with "Human:" and "Assistant:".
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/transcript.h"

static const enum member hh_text[] = { MEMBER_TEXT, MEMBER_NONE };

static bool hh_match(const struct members *members)
{
    return transcript_is(json_text(members->values[MEMBER_TEXT]));
}

static void hh_read(struct draft *draft)
{
    const struct slice text = draft_claim_text(draft, MEMBER_TEXT);

    if (!transcript_is(text)) {
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "it has no text that begins with Human: and has an Assistant:");
        return;
    }
    transcript_read(draft, text, false);
}

const struct format format_hh = {
    .name = "hh",
    .summary = "text: a transcript with Human: and Assistant: before the turns",
    .needs = { hh_text },
    .match = hh_match,
    .read = hh_read,
};
