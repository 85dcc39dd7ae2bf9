/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glaive: chat, a text in which "USER:", "ASSISTANT:" and "FUNCTION RESPONSE:" begin the turns;
 * optional: system, which "SYSTEM:" may begin. A call after "<functioncall>" at the end of a
 * turn becomes a call, and JSON objects at the end of the system prompt become tools.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/tools.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member glaive_chat[] = { MEMBER_CHAT, MEMBER_NONE };

static const struct {
    const char *mark;
    const struct slice *role;
} glaive_marks[] = {
    { "USER:", &role_user },
    { "ASSISTANT:", &role_assistant },
    { "FUNCTION RESPONSE:", &role_tool },
};

enum { N_GLAIVE_MARKS = sizeof glaive_marks / sizeof glaive_marks[0] };

static bool begins_with(struct slice text, const char *mark)
{
    const size_t len = strlen(mark);

    return text.len >= len && memcmp(text.ptr, mark, len) == 0;
}

/* The mark at the start of the text; N_GLAIVE_MARKS for none. */
static size_t glaive_mark_at(struct slice text)
{
    size_t i = 0;

    while (i < N_GLAIVE_MARKS && !begins_with(text, glaive_marks[i].mark))
        i++;
    return i;
}

static bool glaive_match(const struct members *members)
{
    const struct slice text = json_text(members->values[MEMBER_CHAT]);

    return text.ptr && glaive_mark_at(slice_trim_start(text)) < N_GLAIVE_MARKS;
}

/* A turn without blanks around it and without the mark that ends it. */
static struct slice glaive_turn_text(struct slice text)
{
    static const char end[] = "<|endoftext|>";
    const size_t n = sizeof end - 1;

    text = slice_trim_start(text);
    text = slice_trim_end(text);
    if (text.len >= n && memcmp(text.ptr + text.len - n, end, n) == 0)
        text = slice_trim_end(slice_of(text.ptr, text.len - n));
    return text;
}

/* The bytes before the next mark at the start of a line. */
static size_t glaive_turn_len(struct slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '\n' &&
            glaive_mark_at(slice_of(text.ptr + i + 1, text.len - i - 1)) < N_GLAIVE_MARKS)
            return i;
    return text.len;
}

/* Functions that the system prompt ends with become the sample's tools. */
static void glaive_read_tools(struct draft *draft)
{
    const struct slice system = draft->out->system;
    const char *at = system.len > 0 ? memchr(system.ptr, '{', system.len) : NULL;
    struct buf buf;

    if (!at || draft->state != DRAFT_GOOD || draft->members->values[MEMBER_TOOLS])
        return;
    const size_t len = (size_t)(at - system.ptr);
    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the text */
    const int rc = tools_read_objects(slice_of(at, system.len - len), &buf, draft->err);
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    if (rc == 1) {
        draft->out->tools = draft_copy(draft, buf_slice(&buf));
        draft->out->system = slice_trim_end(slice_of(system.ptr, len));
    }
    if (rc == 1 && draft->out->system.len == 0)
        draft->out->system = slice_of(NULL, 0);
    buf_release(&buf);
}

static void glaive_add_turn(struct draft *draft, struct slice role, struct slice text)
{
    struct turn turn = { .role = role, .content = text };
    struct buf buf;

    if (!slice_equal(role, role_assistant)) {
        draft_add(draft, &turn);
        return;
    }
    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the text */
    int rc = calls_add_glaive(text, &turn.content, &buf, draft->err);
    if (rc == 1 && calls_end(&buf, draft->err) < 0)
        rc = -1;
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    if (rc == 1)
        turn.calls = draft_copy(draft, buf_slice(&buf));
    draft_add(draft, &turn);
    buf_release(&buf);
}

static void glaive_read(struct draft *draft)
{
    draft_read_system(draft);
    if (begins_with(draft->out->system, "SYSTEM:"))
        draft->out->system =
            slice_trim_start(slice_of(draft->out->system.ptr + 7, draft->out->system.len - 7));
    glaive_read_tools(draft);
    struct slice text = slice_trim_start(draft_claim_text(draft, MEMBER_CHAT));
    if (glaive_mark_at(text) == N_GLAIVE_MARKS)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "its chat does not begin with USER:");
    while (draft->state == DRAFT_GOOD && text.len > 0) {
        const size_t mark = glaive_mark_at(text);
        const size_t skip = strlen(glaive_marks[mark].mark);
        const struct slice rest = slice_of(text.ptr + skip, text.len - skip);
        const size_t len = glaive_turn_len(rest);

        glaive_add_turn(draft, *glaive_marks[mark].role,
                        glaive_turn_text(slice_of(rest.ptr, len)));
        text = slice_trim_start(slice_of(rest.ptr + len, rest.len - len));
    }
}

const struct format format_glaive = {
    .name = "glaive",
    .summary = "chat: a text with USER: and ASSISTANT: before the turns; system",
    .needs = { glaive_chat },
    .match = glaive_match,
    .read = glaive_read,
};
