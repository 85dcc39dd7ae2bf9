/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xlam: query, tools, answers; the answers are calls of the tools, as JSON in a text or as a
 * list; optional: system. Answers that are no calls are the text of the response.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member xlam_query[] = { MEMBER_QUERY, MEMBER_NONE };
static const enum member xlam_tools[] = { MEMBER_TOOLS, MEMBER_NONE };
static const enum member xlam_answers[] = { MEMBER_ANSWERS, MEMBER_NONE };

static bool xlam_match(const struct members *members)
{
    const enum json_type type = json_type(members->values[MEMBER_ANSWERS]);

    return json_text(members->values[MEMBER_QUERY]).ptr && members->values[MEMBER_TOOLS] &&
           (type == JSON_STRING || type == JSON_ARRAY || type == JSON_OBJECT);
}

static void xlam_read_answers(struct draft *draft)
{
    const struct json_value *answers = draft_claim(draft, MEMBER_ANSWERS);
    struct turn turn = { .role = role_assistant };

    if (draft_read_calls(draft, answers, &turn.calls) == 0)
        turn.content = draft_text(draft, answers, "answers");
    draft_add(draft, &turn);
}

static void xlam_read(struct draft *draft)
{
    draft_read_system(draft);
    draft_add_user(draft, draft_claim_text(draft, MEMBER_QUERY));
    xlam_read_answers(draft);
}

const struct format format_xlam = {
    .name = "xlam",
    .summary = "query, tools, answers: calls of the tools",
    .needs = { xlam_query, xlam_tools, xlam_answers },
    .match = xlam_match,
    .read = xlam_read,
};
