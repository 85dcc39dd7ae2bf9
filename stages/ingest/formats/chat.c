/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/chat.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

/* The text of a list of content parts. */
static struct slice chat_read_parts(struct draft *draft, const struct json_value *parts)
{
    struct slice text = { NULL, 0 };
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    if (chat_join_parts(parts, &buf, draft->err) == 0)
        text = arena_copy(draft->arena, buf_slice(&buf));
    if (!text.ptr)
        draft_fail_nomem(draft);
    buf_release(&buf);
    return text;
}

static void reject_without_role(struct draft *draft, size_t i)
{
    draft_reject(draft, DEFECT_MISSING_CONTENT, "message %zu does not say whose it is", i + 1);
}

/* Is the next message the system prompt? */
static bool is_system_prompt(const struct draft *draft, struct slice role, struct slice extra)
{
    return draft->out->n_turns == 0 && !draft->out->system.ptr && !extra.ptr &&
           slice_equal(role, role_system);
}

static void add_message(struct draft *draft, struct slice role, struct slice text,
                        struct slice extra)
{
    if (draft->state != DRAFT_GOOD)
        return;
    if (!is_system_prompt(draft, role, extra))
        draft_add_turn(draft, role, text, extra);
    else if (text.len > 0)
        draft->out->system = text;
}

static void chat_read_message(struct draft *draft, const struct json_value *message, size_t i,
                              const struct chat_style *style)
{
    const struct slice word = json_text(json_get(message, style->role_key));
    const struct json_value *content = json_get(message, style->text_key);
    const enum json_type type = json_type(content);

    if (word.len == 0) {
        reject_without_role(draft, i);
        return;
    }
    if (type == JSON_OBJECT) {
        draft_reject(draft, DEFECT_BAD_TYPE, "message %zu: its %s is an object", i + 1,
                     style->text_key);
        return;
    }
    if (type == JSON_NULL && !chat_has_calls(message))
        draft_add_defect(draft, DEFECT_NULL_CONTENT);
    const struct slice text = type == JSON_ARRAY ? chat_read_parts(draft, content)
                                                 : draft_text(draft, content, style->text_key);
    const struct slice extra =
        draft_other_members(draft, message, chat_is_call(word) ? NULL : style->role_key,
                            type == JSON_ARRAY ? NULL : style->text_key);
    add_message(draft, draft_role_of(draft, word), text, extra);
}

/* Read {"human": ..., "assistant": ...}: two turns in one element. */
static void chat_read_pair(struct draft *draft, const struct json_value *pair)
{
    const struct slice others = draft_other_members(draft, pair, "human", "assistant");

    draft_add_turn(draft, role_user, draft_text(draft, json_get(pair, "human"), "human"),
                   others);
    draft_add_response(draft, draft_text(draft, json_get(pair, "assistant"), "assistant"));
}

static void chat_read_list(struct draft *draft, const struct json_value *list,
                           const struct chat_style *style)
{
    const struct chat_style *other = style == &chat_openai ? &chat_sharegpt : &chat_openai;

    if (json_type(list) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "the messages are not a list");
        return;
    }
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(list); i++) {
        const struct json_value *message = json_at(list, i);

        if (json_type(message) != JSON_OBJECT)
            draft_reject(draft, DEFECT_BAD_TYPE, "message %zu is not an object", i + 1);
        else if (json_get(message, style->role_key))
            chat_read_message(draft, message, i, style);
        else if (json_get(message, other->role_key))
            chat_read_message(draft, message, i, other);
        else if (json_get(message, "human"))
            chat_read_pair(draft, message);
        else
            reject_without_role(draft, i);
    }
}

bool chat_is_encoded(const struct json_value *list)
{
    const struct slice text = json_text(list);
    size_t i = 0;

    while (i < text.len && strchr(" \t\r\n", text.ptr[i]) && text.ptr[i])
        i++;
    return i < text.len && text.ptr[i] == '[';
}

void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style)
{
    const struct json_value *inner = NULL;
    struct json *json = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (draft->state != DRAFT_GOOD)
        return;
    if (!chat_is_encoded(list)) {
        chat_read_list(draft, list, style);
        return;
    }
    if (json_new(&json, draft->err) < 0 ||
        json_parse(json, json_text(list), &inner, &issue, &at, &detail, draft->err) < 0) {
        draft->state = DRAFT_FAILED;
    } else if (issue != JSON_OK) {
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "the messages are text and no list: at byte %zu: %s", at, detail);
    } else {
        draft_add_defect(draft, DEFECT_DOUBLE_ENCODED);
        chat_read_list(draft, inner, style);
    }
    json_free(json);
}
