/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/chat.h"

#include <stdint.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"

const struct chat_style chat_openai = {
    .list_key = "messages",
    .role_key = "role",
    .text_key = "content",
    .words = { "user", "assistant", "system", "tool" },
    .system_is_message = true,
};
const struct chat_style chat_sharegpt = {
    .list_key = "conversations",
    .role_key = "from",
    .text_key = "value",
    .words = { "human", "gpt", "system", "observation" },
    .system_is_message = false,
};

static const char function_call[] = "function_call";

const char *chat_role_of(struct slice word)
{
    static const struct {
        const char *word, *role;
    } aliases[] = {
        { "user", "user" },           { "human", "user" },
        { "assistant", "assistant" }, { "gpt", "assistant" },
        { "chatgpt", "assistant" },   { "bard", "assistant" },
        { "bing", "assistant" },      { function_call, "assistant" },
        { "system", "system" },       { "developer", "system" },
        { "tool", "tool" },           { "function", "tool" },
        { "observation", "tool" },
    };

    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (word.len == strlen(aliases[i].word) &&
            strncasecmp(word.ptr, aliases[i].word, word.len) == 0)
            return aliases[i].role;
    return NULL;
}

bool chat_is_call(struct slice word)
{
    return word.len == strlen(function_call) &&
           strncasecmp(word.ptr, function_call, word.len) == 0;
}

bool chat_has_calls(const struct json_value *message)
{
    return json_type(json_get(message, "tool_calls")) == JSON_ARRAY ||
           json_type(json_get(message, "function_call")) == JSON_OBJECT;
}

/* {"type": "text", "text": "..."} or plain text; ptr NULL for an image and the like. */
static struct slice part_text(const struct json_value *part)
{
    return json_text(json_type(part) == JSON_OBJECT ? json_get(part, "text") : part);
}

int chat_join_parts(const struct json_value *parts, struct buf *out, struct error *err)
{
    bool first = true;

    for (size_t i = 0; i < json_count(parts); i++) {
        const struct slice text = part_text(json_at(parts, i));

        if (!text.ptr)
            continue;
        if ((!first && buf_add_text(out, "\n", err) < 0) || buf_add_slice(out, text, err) < 0)
            return -1;
        first = false;
    }
    return 0;
}

static struct slice read_parts(struct draft *draft, const struct json_value *parts)
{
    struct slice text = { NULL, 0 };
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* less than the record, which is bounded */
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

static bool is_bare_system(const struct draft *draft, struct slice role, struct slice extra)
{
    return draft->out->n_turns == 0 && !draft->out->system.ptr && !extra.ptr &&
           slice_equal(role, slice_text("system"));
}

static void add_message(struct draft *draft, struct slice role, struct slice text,
                        struct slice extra)
{
    if (draft->state != 1)
        return;
    if (!is_bare_system(draft, role, extra))
        draft_add_turn_of(draft, role, text, extra);
    else if (text.len > 0)
        draft->out->system = text;
}

static void read_message(struct draft *draft, const struct json_value *message, size_t i,
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
        draft_note(draft, DEFECT_NULL_CONTENT);
    const struct slice text = type == JSON_ARRAY
                                  ? read_parts(draft, content)
                                  : draft_text_of(draft, content, style->text_key);
    const struct slice extra =
        draft_others(draft, message, chat_is_call(word) ? NULL : style->role_key,
                     type == JSON_ARRAY ? NULL : style->text_key);
    add_message(draft, draft_role(draft, word), text, extra);
}

/* {"human": ..., "assistant": ...}: two turns in one element. */
static void read_pair(struct draft *draft, const struct json_value *pair)
{
    const struct slice others = draft_others(draft, pair, "human", "assistant");

    draft_add_turn(draft, "user", draft_text_of(draft, json_get(pair, "human"), "human"),
                   others);
    draft_answer(draft, draft_text_of(draft, json_get(pair, "assistant"), "assistant"));
}

static void read_list(struct draft *draft, const struct json_value *list,
                      const struct chat_style *style)
{
    const struct chat_style *other = style == &chat_openai ? &chat_sharegpt : &chat_openai;

    if (json_type(list) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "the messages are not a list");
        return;
    }
    for (size_t i = 0; draft->state == 1 && i < json_count(list); i++) {
        const struct json_value *message = json_at(list, i);

        if (json_type(message) != JSON_OBJECT)
            draft_reject(draft, DEFECT_BAD_TYPE, "message %zu is not an object", i + 1);
        else if (json_get(message, style->role_key))
            read_message(draft, message, i, style);
        else if (json_get(message, other->role_key))
            read_message(draft, message, i, other);
        else if (json_get(message, "human"))
            read_pair(draft, message);
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

    if (draft->state != 1)
        return;
    if (!chat_is_encoded(list)) {
        read_list(draft, list, style);
        return;
    }
    if (json_new(&json, draft->err) < 0 ||
        json_parse(json, json_text(list), &inner, &issue, &at, &detail, draft->err) < 0) {
        draft->state = -1;
    } else if (issue != JSON_OK) {
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "the messages are text and no list: at byte %zu: %s", at, detail);
    } else {
        draft_note(draft, DEFECT_DOUBLE_ENCODED);
        read_list(draft, inner, style);
    }
    json_free(json);
}
