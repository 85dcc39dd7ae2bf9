/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/chat_content.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/record/chat_part.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

/* All parts together are hardly longer than the record, whose length is bounded. */
static const size_t parts_max_bytes = SIZE_MAX / 4;

struct content_builder {
    struct draft *draft;
    bool is_answer; /* of the assistant, who thinks and calls */
    struct buf text, media, calls, thought;
    struct buf kept;     /* a list of the texts and of what no form holds */
    bool must_keep;      /* the list holds more than content and media say */
    bool ends_with_text; /* the last part that is in its place */
    size_t n_texts, n_thoughts;
    const struct json_value *signature;
};

static int keep_text_part(struct content_builder *b, const struct json_value *value)
{
    struct error *err = b->draft->err;

    return buf_add_text(&b->kept, b->kept.len == 0 ? "[" : ",", err) < 0
               ? -1
               : prune_write(value, &b->kept, err);
}

static int keep_other(struct content_builder *b, const struct json_value *value)
{
    b->must_keep = true;
    return keep_text_part(b, value);
}

static int add_text_part(struct content_builder *b, const struct json_value *value,
                         const struct chat_part *part)
{
    struct error *err = b->draft->err;

    /* The place where two texts meet is known only from the parts. */
    b->must_keep = b->must_keep || part->n_more > 0 || b->ends_with_text;
    b->ends_with_text = true;
    if ((b->n_texts++ > 0 && buf_add_text(&b->text, "\n", err) < 0) ||
        buf_add_slice(&b->text, part->text, err) < 0)
        return -1;
    return keep_text_part(b, value);
}

/* A call is a part like {"type": "tool_use", ...}, or holds a text with the call. */
static int add_call_part(struct content_builder *b, const struct json_value *value)
{
    int rc = 0;

    if (b->is_answer)
        rc = calls_add(value, &b->calls, b->draft->err);
    if (rc == 0 && b->is_answer)
        rc = calls_add_text(json_text(json_get(value, "value")), &b->calls, b->draft->err);
    return rc == 0 ? keep_other(b, value) : rc < 0 ? -1 : 0;
}

static int add_thought_part(struct content_builder *b, const struct json_value *value,
                            const struct chat_part *part)
{
    const struct json_value *signature = json_get(value, "signature");
    const bool is_signed = part->n_more == 1 && !prune_is_empty(signature);
    struct error *err = b->draft->err;

    if (!b->is_answer || (part->n_more > 0 && (b->signature || !is_signed)))
        return keep_other(b, value);
    if (is_signed)
        b->signature = signature;
    if (b->n_thoughts++ > 0 && buf_add_text(&b->thought, "\n", err) < 0)
        return -1;
    return buf_add_slice(&b->thought, part->text, err);
}

static int add_part(struct content_builder *b, const struct json_value *value,
                    const struct chat_part *part)
{
    switch (part->kind) {
    case CHAT_PART_TEXT:
        return add_text_part(b, value, part);
    case CHAT_PART_MEDIA:
        b->ends_with_text = false;
        return media_add_part(part->media_type, b->text.len, value, &b->media, b->draft->err);
    case CHAT_PART_CALL:
        return add_call_part(b, value);
    case CHAT_PART_THOUGHT:
        return add_thought_part(b, value, part);
    case CHAT_PART_RESULT:
    case CHAT_PART_OTHER:
    case CHAT_PART_BAD:
        break;
    }
    return keep_other(b, value);
}

static void add_all_parts(struct content_builder *b, const struct json_value *parts,
                          bool skip_results, size_t i)
{
    struct chat_part part;

    for (size_t n = 0; b->draft->state == DRAFT_GOOD && n < json_count(parts); n++) {
        if (skip_results && chat_is_result(json_at(parts, n)))
            continue;
        chat_part_read(json_at(parts, n), &part);
        if (part.kind == CHAT_PART_BAD)
            draft_reject(b->draft, DEFECT_MISSING_CONTENT, "message %zu: its part %zu is %s",
                         i + 1, n + 1, part.fault);
        else if (add_part(b, json_at(parts, n), &part) < 0)
            b->draft->state = DRAFT_FAILED;
    }
}

/* A copy of a list that is not closed yet; ptr NULL if it has no elements. */
static struct slice end_list(struct draft *draft, struct buf *buf)
{
    if (buf->len == 0 || draft->state != DRAFT_GOOD)
        return slice_of(NULL, 0);
    if (buf_add_text(buf, "]", draft->err) < 0) {
        draft->state = DRAFT_FAILED;
        return slice_of(NULL, 0);
    }
    return draft_copy(draft, buf_slice(buf));
}

void chat_read_content(struct draft *draft, const struct json_value *parts, bool skip_results,
                       size_t i, struct turn *turn, struct chat_content *out)
{
    struct content_builder b = { .draft = draft,
                                 .is_answer = turn_has_role(turn, role_assistant) };

    buf_init(&b.text, parts_max_bytes);
    buf_init(&b.media, parts_max_bytes);
    buf_init(&b.calls, parts_max_bytes);
    buf_init(&b.thought, parts_max_bytes);
    buf_init(&b.kept, parts_max_bytes);
    add_all_parts(&b, parts, skip_results, i);
    *out = (struct chat_content){ .signature = b.signature };
    if (draft->state == DRAFT_GOOD)
        turn->content = draft_copy(draft, b.text.len > 0 ? buf_slice(&b.text) : slice_text(""));
    if (draft->state == DRAFT_GOOD && b.n_thoughts > 0)
        turn->thought =
            draft_copy(draft, b.thought.len > 0 ? buf_slice(&b.thought) : slice_text(""));
    turn->media = end_list(draft, &b.media);
    turn->calls = end_list(draft, &b.calls);
    if (b.must_keep)
        out->kept = end_list(draft, &b.kept);
    buf_release(&b.text);
    buf_release(&b.media);
    buf_release(&b.calls);
    buf_release(&b.thought);
    buf_release(&b.kept);
}
