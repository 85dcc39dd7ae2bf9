/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees of messages as OpenAssistant publishes them, unfolded into a tree for each path. A path
 * ends with the last answer: a question that nobody answered is left out.
 */
#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/json_walk.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/unfold.h"
#include "stages/ingest/unfold_private.h"

/* The messages from the root to one of its replies, each with its own replies. */
struct tree_path {
    struct slice nodes[JSON_MAX_DEPTH];
    size_t n;
};

static bool has_branches(const struct json_value *node)
{
    const struct json_value *replies = json_get(node, "replies");

    while (json_type(replies) == JSON_ARRAY && json_count(replies) == 1)
        replies = json_get(json_at(replies, 0), "replies");
    return json_type(replies) == JSON_ARRAY && json_count(replies) > 1;
}

bool unfold_has_paths(const struct members *members)
{
    const struct json_value *root = members->values[MEMBER_PROMPT];

    return json_type(root) == JSON_OBJECT && json_text(json_get(root, "text")).ptr &&
           has_branches(root);
}

/* The text of a member; empty if there is none. */
static struct slice member_text(struct slice object, const char *name)
{
    struct json_walk walk;
    struct slice key;
    struct slice value;
    struct slice found = { "", 0 };

    json_walk_begin(&walk, object);
    while (json_walk_next(&walk, &key, &value))
        if (slice_equal(key, slice_text(name)))
            found = value;
    return found;
}

static bool is_live(struct slice node)
{
    const struct slice text = member_text(node, "text");

    return text.len > 0 && text.ptr[0] == '"' &&
           !slice_equal(member_text(node, "deleted"), slice_text("true"));
}

/* Begin to iterate over the replies to a message. */
static void begin_replies(struct slice node, struct json_walk *walk)
{
    const struct slice replies = member_text(node, "replies");

    json_walk_begin(walk,
                    replies.len > 0 && replies.ptr[0] == '[' ? replies : slice_text("[]"));
}

/* Has somebody replied? */
static bool is_answered(struct slice node)
{
    struct json_walk walk;
    struct slice none;
    struct slice reply;

    begin_replies(node, &walk);
    while (json_walk_next(&walk, &none, &reply))
        if (is_live(reply))
            return true;
    return false;
}

/* Append the messages of the path, each with the next one as its only reply. */
static int unfold_add_path(struct unfolding *u, const struct tree_path *path)
{
    struct json_walk walk;
    struct slice name;
    struct slice value;

    for (size_t i = 0; i < path->n; i++) {
        bool first = true;

        if (buf_add_text(&u->item, "{", u->err) < 0)
            return -1;
        json_walk_begin(&walk, path->nodes[i]);
        while (json_walk_next(&walk, &name, &value)) {
            if (slice_equal(name, slice_text("replies")))
                continue;
            if (unfold_add_raw(u, name, value, first) < 0)
                return -1;
            first = false;
        }
        if (unfold_add_raw(u, slice_text("replies"), slice_text("["), first) < 0)
            return -1;
    }
    for (size_t i = 0; i < path->n; i++)
        if (buf_add_text(&u->item, "]}", u->err) < 0)
            return -1;
    return 0;
}

static int emit_path(struct unfolding *u, const struct tree_path *path)
{
    if (unfold_begin_item(u) < 0 || unfold_add_outer(u, slice_of(NULL, 0)) < 0 ||
        unfold_add_raw(u, slice_text("prompt"), slice_of("", 0), u->item.len == 1) < 0 ||
        unfold_add_path(u, path) < 0)
        return -1;
    return unfold_end_item(u);
}

/* Emit all paths that begin with this one. */
static int walk_paths(struct unfolding *u, struct tree_path *path)
{
    const struct slice node = path->nodes[path->n - 1];
    const bool is_answer = slice_equal(member_text(node, "role"), slice_text("\"assistant\""));
    struct json_walk walk;
    struct slice none;
    struct slice reply;
    bool is_end = true;
    int rc = 0;

    begin_replies(node, &walk);
    while (rc == 0 && path->n < JSON_MAX_DEPTH && json_walk_next(&walk, &none, &reply)) {
        if (!is_live(reply) || (is_answer && !is_answered(reply)))
            continue;
        is_end = false;
        path->nodes[path->n++] = reply;
        rc = walk_paths(u, path);
        path->n--;
    }
    return is_end ? emit_path(u, path) : rc;
}

int unfold_paths(struct unfolding *u, struct slice root)
{
    struct tree_path path = { .nodes = { root }, .n = 1 };

    return walk_paths(u, &path);
}
