/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oasst: a tree of messages, as OpenAssistant publishes them. prompt is the first message; its
 * replies and their replies are lists under "replies". The sample is the path of the
 * best-ranked replies; the tree stays in meta, so nothing of the other paths is lost.
 *
 * With --oasst all a tree of several paths is unfolded first, into a tree for each path
 * (stages/ingest/unfold_paths.c).
 */
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/roles.h"

static const enum member oasst_prompt[] = { MEMBER_PROMPT, MEMBER_NONE };

static const struct json_value *text_of_node(const struct json_value *node)
{
    const struct json_value *text = json_get(node, "text");

    return json_text(text).ptr ? text : NULL;
}

static bool oasst_match(const struct members *members)
{
    const struct json_value *root = members->values[MEMBER_PROMPT];

    return json_type(root) == JSON_OBJECT && text_of_node(root) &&
           (json_get(root, "replies") || json_get(root, "message_id"));
}

static bool is_deleted(const struct json_value *node)
{
    bool deleted = false;

    return json_bool(json_get(node, "deleted"), &deleted) && deleted;
}

/* The best-ranked reply; of those without a rank the first. NULL when there is none. */
static const struct json_value *best_reply(const struct json_value *node)
{
    const struct json_value *replies = json_get(node, "replies");
    const struct json_value *best = NULL;
    int64_t best_rank = INT64_MAX;

    for (size_t i = 0; json_type(replies) == JSON_ARRAY && i < json_count(replies); i++) {
        const struct json_value *reply = json_at(replies, i);
        int64_t rank = INT64_MAX;

        (void)json_int(json_get(reply, "rank"), &rank);
        if (text_of_node(reply) && !is_deleted(reply) && (!best || rank < best_rank)) {
            best = reply;
            best_rank = rank;
        }
    }
    return best;
}

static void oasst_read(struct draft *draft)
{
    const struct json_value *root = draft->members->values[MEMBER_PROMPT];
    const struct slice none = { NULL, 0 };

    if (json_type(root) != JSON_OBJECT || !text_of_node(root))
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no prompt with a text and replies");
    for (const struct json_value *node = root; node && draft->state == DRAFT_GOOD;
         node = best_reply(node)) {
        const struct slice role = json_text(json_get(node, "role"));

        if (role.len == 0)
            draft_reject(draft, DEFECT_MISSING_CONTENT, "a message of the tree has no role");
        else
            chat_add_message(draft, draft_role_of(draft, role),
                             draft_text(draft, text_of_node(node), "a message"), none);
    }
    /* The last question may have no answer yet. */
    if (draft->out->n_turns > 1 &&
        turn_has_role(&draft->out->turns[draft->out->n_turns - 1], role_user))
        draft->out->n_turns--;
    draft->accepted = root;
}

const struct format format_oasst = {
    .name = "oasst",
    .summary = "prompt: a tree of messages with replies; the best-ranked path",
    .needs = { oasst_prompt },
    .match = oasst_match,
    .read = oasst_read,
};
