/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Separate the context of a sample from its instruction.
 */
#include <stdint.h>
#include <string.h>

#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/passage.h"
#include "stages/record/roles.h"

void draft_set_context(struct draft *draft, struct slice text, const char *split)
{
    if (draft->state != DRAFT_GOOD || text.len == 0)
        return;
    draft->out->context = text;
    draft->out->split = slice_text(split);
}

int64_t draft_context_bytes(const struct draft *draft)
{
    int64_t n = 0;

    (void)json_int(draft->members->values[MEMBER_CONTEXT_BYTES], &n);
    return n;
}

/* The first user turn. Media have places in its text, so a turn with media stays whole: NULL.
 */
static struct turn *first_user_turn(struct draft *draft)
{
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < draft->out->n_turns; i++) {
        struct turn *turn = &draft->out->turns[i];

        if (turn_has_role(turn, role_user))
            return turn->media.ptr ? NULL : turn;
    }
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

/* The same for a context of n bytes at the end, after a blank line. */
static bool split_marked_last(struct draft *draft, struct turn *turn, size_t n)
{
    const struct slice text = turn->content;
    const size_t at = text.len - n;

    if (memcmp(text.ptr + at - 2, "\n\n", 2) != 0)
        return false;
    draft_set_context(draft, slice_of(text.ptr + at, n), "marked-last");
    turn->content = slice_of(text.ptr, at - 2);
    return true;
}

bool draft_split_marked(struct draft *draft)
{
    const int64_t mark = draft_context_bytes(draft);
    const uint64_t n = mark < 0 ? 0 - (uint64_t)mark : (uint64_t)mark;
    struct turn *turn = n > 0 ? first_user_turn(draft) : NULL;

    if (!turn || turn->content.len < 2 || n > turn->content.len - 2)
        return false;
    if (mark < 0 ? !split_marked_last(draft, turn, (size_t)n)
                 : memcmp(turn->content.ptr + n, "\n\n", 2) != 0)
        return false;
    draft_claim(draft, MEMBER_CONTEXT_BYTES);
    if (mark > 0)
        split_turn(draft, turn, (size_t)n, (size_t)n + 2, "marked");
    return true;
}

void draft_split_passage(struct draft *draft)
{
    const struct json_value *mark = draft->members->values[MEMBER_CONTEXT_BYTES];
    const struct sample *out = draft->out;
    struct passage passage;

    if (json_type(mark) == JSON_NUMBER && draft_context_bytes(draft) == 0)
        draft_claim(draft, MEMBER_CONTEXT_BYTES);
    if (draft->options->split != SPLIT_AUTO || mark || draft->says_context ||
        out->context.ptr || out->split.ptr)
        return;
    struct turn *turn = first_user_turn(draft);
    if (!turn || turn->extra.ptr || turn->media.ptr || turn->calls.ptr ||
        !passage_find(turn->content, &passage))
        return;
    draft_set_context(draft, passage.context, passage.split);
    turn->content = passage.question;
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

    for (size_t i = slice_trim_end(text).len; i-- > 2;) {
        const size_t blank = newline_before(text, i);
        const size_t n = newline_before(text, blank);

        if (n == blank || blank == i)
            continue;
        if (!slice_is_blank(slice_of(text.ptr, n)))
            split_turn(draft, turn, n, i, "last-paragraph");
        return;
    }
}
