/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/parts.h"

#include <stdint.h>

#include "base/chat/calls.h"
#include "base/chat/chat_part.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "base/json/prune.h"

/* All parts together are hardly longer than the record, whose length is bounded. */
static const size_t parts_max_bytes = SIZE_MAX / 4;

void parts_init(struct parts *parts, bool is_answer)
{
    *parts = (struct parts){ .is_answer = is_answer };
    buf_init(&parts->text, parts_max_bytes);
    buf_init(&parts->thought, parts_max_bytes);
    buf_init(&parts->media, parts_max_bytes);
    buf_init(&parts->calls, parts_max_bytes);
    buf_init(&parts->kept, parts_max_bytes);
}

void parts_release(struct parts *parts)
{
    buf_release(&parts->text);
    buf_release(&parts->thought);
    buf_release(&parts->media);
    buf_release(&parts->calls);
    buf_release(&parts->kept);
}

static int keep_text_part(struct parts *parts, const struct json_value *value,
                          struct error *err)
{
    return buf_add_text(&parts->kept, parts->kept.len == 0 ? "[" : ",", err) < 0
               ? -1
               : prune_write(value, &parts->kept, err);
}

static int keep_other(struct parts *parts, const struct json_value *value, struct error *err)
{
    parts->must_keep = true;
    return keep_text_part(parts, value, err);
}

static int add_text_part(struct parts *parts, const struct json_value *value,
                         const struct chat_part *part, struct error *err)
{
    /* Only the list of parts shows where two texts meet. */
    parts->must_keep = parts->must_keep || part->n_more > 0 || parts->after_text;
    parts->after_text = true;
    if ((parts->n_texts++ > 0 && buf_add_text(&parts->text, "\n", err) < 0) ||
        buf_add_slice(&parts->text, part->text, err) < 0)
        return -1;
    return keep_text_part(parts, value, err);
}

/* A call is a part like {"type": "tool_use", ...}, or holds a text with the call. */
static int add_call_part(struct parts *parts, const struct json_value *value, struct error *err)
{
    int rc = 0;

    if (parts->is_answer)
        rc = calls_add(value, &parts->calls, err);
    if (rc == 0 && parts->is_answer)
        rc = calls_add_text(json_text(json_get(value, "value")), &parts->calls, err);
    return rc == 0 ? keep_other(parts, value, err) : rc < 0 ? -1 : 0;
}

static int add_thought_part(struct parts *parts, const struct json_value *value,
                            const struct chat_part *part, struct error *err)
{
    const struct json_value *signature = json_get(value, "signature");
    const bool is_signed = part->n_more == 1 && !prune_is_empty(signature);

    if (!parts->is_answer || (part->n_more > 0 && (parts->signature || !is_signed)))
        return keep_other(parts, value, err);
    if (is_signed)
        parts->signature = signature;
    if (parts->n_thoughts++ > 0 && buf_add_text(&parts->thought, "\n", err) < 0)
        return -1;
    return buf_add_slice(&parts->thought, part->text, err);
}

int parts_add(struct parts *parts, const struct json_value *value, const struct chat_part *part,
              struct error *err)
{
    switch (part->kind) {
    case CHAT_PART_TEXT:
        return add_text_part(parts, value, part, err);
    case CHAT_PART_MEDIA:
        parts->after_text = false;
        return media_add_part(part->media_type, parts->text.len, value, &parts->media, err);
    case CHAT_PART_CALL:
        return add_call_part(parts, value, err);
    case CHAT_PART_THOUGHT:
        return add_thought_part(parts, value, part, err);
    case CHAT_PART_RESULT:
    case CHAT_PART_OTHER:
    case CHAT_PART_BAD:
        break;
    }
    return keep_other(parts, value, err);
}

int parts_end(struct parts *parts, struct error *err)
{
    struct buf *const lists[] = { &parts->media, &parts->calls, &parts->kept };

    if (!parts->must_keep)
        buf_clear(&parts->kept);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i]->len > 0 && buf_add_text(lists[i], "]", err) < 0)
            return -1;
    return 0;
}
