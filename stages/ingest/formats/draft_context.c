/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Separate the context of a sample from its instruction.
 */
#include <string.h>

#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/record/roles.h"

void draft_set_context(struct draft *draft, struct slice text, const char *split)
{
    if (draft->state != DRAFT_GOOD || text.len == 0)
        return;
    draft->out->context = text;
    draft->out->split = slice_text(split);
}

size_t draft_context_bytes(const struct draft *draft)
{
    int64_t n = 0;

    if (!json_int(draft->members->values[MEMBER_CONTEXT_BYTES], &n) || n < 0)
        return 0;
    return (size_t)n;
}

static struct turn *first_user_turn(struct draft *draft)
{
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < draft->out->n_turns; i++)
        if (turn_has_role(&draft->out->turns[i], role_user))
            return &draft->out->turns[i];
    return NULL;
}

/* The first n bytes of the turn become the context; the text from `rest` on, after the blank
 * line, stays. */
static void split_turn(struct draft *draft, struct turn *turn, size_t n, size_t rest,
                       const char *split)
{
    const struct slice text = turn->content;

    draft_set_context(draft, slice_of(text.ptr, n), split);
    turn->content = slice_of(text.ptr + rest, text.len - rest);
}

bool draft_split_marked(struct draft *draft)
{
    const size_t n = draft_context_bytes(draft);
    struct turn *turn = n > 0 ? first_user_turn(draft) : NULL;

    if (!turn || turn->content.len < 2 || n > turn->content.len - 2 ||
        memcmp(turn->content.ptr + n, "\n\n", 2) != 0)
        return false;
    draft_claim(draft, MEMBER_CONTEXT_BYTES);
    split_turn(draft, turn, n, n + 2, "marked");
    return true;
}

/* Where the newline (LF or CR LF) that ends at byte `end` begins; `end` when there is none. */
static size_t newline_before(struct slice text, size_t end)
{
    if (end == 0 || text.ptr[end - 1] != '\n')
        return end;
    return end > 1 && text.ptr[end - 2] == '\r' ? end - 2 : end - 1;
}

void draft_split_last_paragraph(struct draft *draft)
{
    struct turn *turn = first_user_turn(draft);
    const struct slice text = turn ? turn->content : slice_of("", 0);

    for (size_t i = draft_trimmed_len(text); i-- > 2;) {
        const size_t blank = newline_before(text, i);
        const size_t n = newline_before(text, blank);

        if (n == blank || blank == i)
            continue;
        if (draft_trimmed_len(slice_of(text.ptr, n)) > 0)
            split_turn(draft, turn, n, i, "last-paragraph");
        return;
    }
}
