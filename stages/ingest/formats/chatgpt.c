/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chatgpt: a conversation as ChatGPT exports it. mapping is an object of nodes, each with the
 * ids of its parent and its children, and a message or null. The sample is the path to
 * current_node; without it, to the last node without children. The mapping stays in meta, so
 * nothing of other branches is lost.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member chatgpt_mapping[] = { MEMBER_MAPPING, MEMBER_NONE };

static bool chatgpt_match(const struct members *members)
{
    const struct json_value *node;
    struct slice name;
    size_t pos = 0;

    return json_type(members->values[MEMBER_MAPPING]) == JSON_OBJECT &&
           json_member_next(members->values[MEMBER_MAPPING], &pos, &name, &node) == 1 &&
           json_get(node, "children");
}

/* A member whose name is a text of the record. */
static const struct json_value *find_node(const struct json_value *mapping, struct slice id)
{
    /* Texts of JSON end with a NUL; an id with one inside names no node. */
    return id.ptr && !memchr(id.ptr, '\0', id.len) ? json_get(mapping, id.ptr) : NULL;
}

static const struct json_value *last_node(const struct draft *draft,
                                          const struct json_value *mapping)
{
    const struct slice current = json_text(draft->members->values[MEMBER_CURRENT_NODE]);
    const struct json_value *found = find_node(mapping, current);
    const struct json_value *node;
    struct slice name;
    size_t pos = 0;

    while (!current.ptr && json_member_next(mapping, &pos, &name, &node) == 1)
        if (json_count(json_get(node, "children")) == 0)
            found = node;
    return found;
}

/* The content of a message while it is read. */
struct chatgpt_parts {
    struct buf text;
    struct buf media;
};

/* The type of medium that a part points to, as "image" for "image_asset_pointer"; NULL: none.
 */
static const char *type_of_pointer(struct slice kind)
{
    static const char *const types[] = { "image", "audio", "video" };
    static const char end[] = "_asset_pointer";

    if (kind.len < sizeof end || !memmem(kind.ptr, kind.len, end, sizeof end - 1))
        return NULL;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (kind.len > strlen(types[i]) && memcmp(kind.ptr, types[i], strlen(types[i])) == 0)
            return types[i];
    return "file";
}

/* Append the text of a part, or refer to its image or sound. */
static int chatgpt_add_part(struct chatgpt_parts *out, const struct json_value *part,
                            struct error *err)
{
    const struct json_value *inner = json_get(part, "text");
    const struct slice text = json_text(inner ? inner : part);
    const struct json_value *pointer = json_get(part, "asset_pointer");
    const char *type = type_of_pointer(json_text(json_get(part, "content_type")));

    if (type && json_text(pointer).len > 0)
        return media_add_reference(type, out->text.len, pointer, false, &out->media, err);
    if (!text.ptr)
        return 0;
    if (out->text.len > 0 && buf_add_text(&out->text, "\n", err) < 0)
        return -1;
    return buf_add_slice(&out->text, text, err);
}

static int chatgpt_add_parts(struct chatgpt_parts *out, const struct json_value *content,
                             struct error *err)
{
    const struct json_value *parts = json_get(content, "parts");

    if (json_type(parts) != JSON_ARRAY)
        return chatgpt_add_part(out, json_get(content, "text"), err);
    for (size_t i = 0; i < json_count(parts); i++)
        if (chatgpt_add_part(out, json_at(parts, i), err) < 0)
            return -1;
    return out->media.len > 0 ? media_end(&out->media, err) : 0;
}

/* Append a turn, unless the message is empty as those that set up a conversation are. */
static void chatgpt_add_node(struct draft *draft, const struct json_value *message)
{
    const struct slice role = json_text(json_get(json_get(message, "author"), "role"));
    const struct slice none = { NULL, 0 };
    struct chatgpt_parts parts;

    if (json_type(message) != JSON_OBJECT)
        return;
    buf_init(&parts.text, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    buf_init(&parts.media, SIZE_MAX / 4);
    if (chatgpt_add_parts(&parts, json_get(message, "content"), draft->err) < 0) {
        draft->state = DRAFT_FAILED;
    } else if (parts.text.len > 0 || parts.media.len > 0) {
        const size_t before = draft->out->n_turns;

        if (role.len == 0)
            draft_reject(draft, DEFECT_MISSING_CONTENT, "a message has no author with a role");
        else
            chat_add_message(draft, draft_role_of(draft, role),
                             draft_copy(draft, buf_slice(&parts.text)), none);
        if (draft->out->n_turns > before && parts.media.len > 0)
            draft->out->turns[before].media = draft_copy(draft, buf_slice(&parts.media));
    }
    buf_release(&parts.text);
    buf_release(&parts.media);
}

/* Collect the nodes from the last one up to the root. Returns their number; a circle of parents
 * ends when all nodes are collected. */
static size_t collect_path(const struct json_value *mapping, const struct json_value *node,
                           const struct json_value **path)
{
    const size_t most = json_count(mapping);
    size_t n = 0;

    while (node && n < most) {
        path[n++] = node;
        node = find_node(mapping, json_text(json_get(node, "parent")));
    }
    return n;
}

static void chatgpt_read(struct draft *draft)
{
    const struct json_value *mapping = draft->members->values[MEMBER_MAPPING];
    const struct json_value *last = last_node(draft, mapping);

    if (json_type(mapping) != JSON_OBJECT || !last) {
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "it has no mapping with the node that current_node names");
        return;
    }
    const struct json_value **path =
        arena_alloc(draft->arena, json_count(mapping), sizeof *path);
    if (!path) {
        draft_fail_nomem(draft);
        return;
    }
    for (size_t n = collect_path(mapping, last, path); n > 0 && draft->state == DRAFT_GOOD; n--)
        chatgpt_add_node(draft, json_get(path[n - 1], "message"));
    draft->accepted = mapping;
}

const struct format format_chatgpt = {
    .name = "chatgpt",
    .summary = "mapping: the messages of a ChatGPT export; the path to current_node",
    .needs = { chatgpt_mapping },
    .match = chatgpt_match,
    .read = chatgpt_read,
};
