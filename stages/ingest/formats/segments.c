/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segments: Axolotl's list of label and text. Segments with label true are what the assistant
 * says, the others what it is asked. Marks of the beginning and the end of a text are dropped,
 * and so are blanks around a turn.
 */
#include "base/buf.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member segments_list[] = { MEMBER_SEGMENTS, MEMBER_NONE };

static bool segments_match(const struct members *members)
{
    return json_type(json_at(members->values[MEMBER_SEGMENTS], 0)) == JSON_OBJECT;
}

static struct slice segments_drop_mark(struct slice text, const char *mark)
{
    const size_t n = strlen(mark);

    if (text.len >= n && memcmp(text.ptr, mark, n) == 0)
        return slice_of(text.ptr + n, text.len - n);
    if (text.len >= n && memcmp(text.ptr + text.len - n, mark, n) == 0)
        return slice_of(text.ptr, text.len - n);
    return text;
}

/* Append the segments of one speaker, from index i on, as a turn. Returns the index behind. */
static size_t segments_add_turn(struct draft *draft, const struct json_value *list, size_t i)
{
    bool says = false;
    bool next = false;
    struct buf buf;

    (void)json_bool(json_get(json_at(list, i), "label"), &says);
    buf_init(&buf, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    for (; draft->state == DRAFT_GOOD && i < json_count(list); i++) {
        const struct json_value *text = json_get(json_at(list, i), "text");

        if (!json_bool(json_get(json_at(list, i), "label"), &next) || !json_text(text).ptr)
            draft_reject(draft, DEFECT_MISSING_CONTENT,
                         "segment %zu is not a label, true or false, and a text", i + 1);
        else if (next != says)
            break;
        else if (buf_add_slice(&buf, json_text(text), draft->err) < 0)
            draft->state = DRAFT_FAILED;
    }
    const struct slice whole = slice_trim(buf_slice(&buf));
    const struct slice text =
        slice_trim(segments_drop_mark(segments_drop_mark(whole, "<s>"), "</s>"));
    if (draft->state == DRAFT_GOOD && text.len > 0)
        draft_add_turn(draft, says ? role_assistant : role_user, draft_copy(draft, text),
                       slice_of(NULL, 0));
    buf_release(&buf);
    return i;
}

static void segments_read(struct draft *draft)
{
    const struct json_value *list = draft_claim(draft, MEMBER_SEGMENTS);

    if (json_type(list) != JSON_ARRAY)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no list of segments");
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(list);)
        i = segments_add_turn(draft, list, i);
}

const struct format format_segments = {
    .name = "segments",
    .summary = "segments: a list of label and text",
    .needs = { segments_list },
    .match = segments_match,
    .read = segments_read,
};
