/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/chat_content.h"

#include "base/chat/chat_part.h"
#include "base/chat/parts.h"
#include "base/chat/thought.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/record/roles.h"

static void add_all_parts(struct draft *draft, struct parts *parts,
                          const struct json_value *list, bool skip_results, size_t i)
{
    struct chat_part part;

    for (size_t n = 0; draft->state == DRAFT_GOOD && n < json_count(list); n++) {
        if (skip_results && chat_is_result(json_at(list, n)))
            continue;
        chat_part_read(json_at(list, n), &part);
        if (part.kind == CHAT_PART_BAD)
            draft_reject(draft, DEFECT_MISSING_CONTENT, "message %zu: its part %zu is %s",
                         i + 1, n + 1, part.fault);
        else if (parts_add(parts, json_at(list, n), &part, draft->err) < 0)
            draft->state = DRAFT_FAILED;
    }
    if (draft->state == DRAFT_GOOD && parts_end(parts, draft->err) < 0)
        draft->state = DRAFT_FAILED;
}

/* A copy of a text that may be empty. */
static struct slice copy_text_of(struct draft *draft, struct slice text)
{
    return draft_copy(draft, text.len > 0 ? text : slice_text(""));
}

/* A copy of a list; ptr NULL when there is none. */
static struct slice copy_list(struct draft *draft, const struct buf *buf)
{
    return buf->len > 0 ? draft_copy(draft, buf_slice(buf)) : slice_of(NULL, 0);
}

void chat_read_content(struct draft *draft, const struct json_value *list, bool skip_results,
                       size_t i, struct turn *turn, struct chat_content *out)
{
    struct parts parts;

    *out = (struct chat_content){ .signature = NULL };
    parts_init(&parts, turn_has_role(turn, role_assistant));
    add_all_parts(draft, &parts, list, skip_results, i);
    if (draft->state == DRAFT_GOOD) {
        turn->content = copy_text_of(draft, buf_slice(&parts.text));
        if (parts.n_thoughts > 0)
            turn->thought = copy_text_of(draft, thought_trim(buf_slice(&parts.thought)));
        turn->media = copy_list(draft, &parts.media);
        turn->calls = copy_list(draft, &parts.calls);
        out->kept = copy_list(draft, &parts.kept);
        out->signature = parts.signature;
    }
    parts_release(&parts);
}
