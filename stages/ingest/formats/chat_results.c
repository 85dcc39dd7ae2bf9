/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of tools that are parts of a message, as {"type": "tool_result", ...}: each becomes a
 * turn of the tool.
 */
#include "base/chat/chat_part.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "stages/ingest/formats/chat_content.h"
#include "stages/ingest/formats/draft.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

static const char call_id[] = "tool_call_id";

/* The member with the text of a result. False when there are two, or when it is neither text
 * nor a list of parts. */
static bool find_result_text(const struct json_value *result, struct slice *key,
                             const struct json_value **text)
{
    const struct json_value *value;
    struct slice name;
    size_t n = 0;
    size_t pos = 0;

    *key = slice_of(NULL, 0);
    *text = NULL;
    while (json_member_next(result, &pos, &name, &value) == 1) {
        if (!chat_is_text_key(name) || prune_is_empty(value))
            continue;
        *key = name;
        *text = value;
        n++;
    }
    return n == 0 ||
           (n == 1 && (json_type(*text) == JSON_STRING || json_type(*text) == JSON_ARRAY));
}

/* Would other members mean the same in a message? "video_url" would be a medium of it. */
static bool has_known_members(const struct json_value *result, struct slice key)
{
    static const char *const words[] = { "type", "tool_use_id", call_id,         "id",
                                         "name", "is_error",    "cache_control", NULL };
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(result, &pos, &name, &value) == 1) {
        size_t i = 0;

        while (words[i] && !slice_equal(name, slice_text(words[i])))
            i++;
        if (!words[i] && !(key.ptr && slice_equal(name, key)) && !prune_is_empty(value))
            return false;
    }
    return true;
}

bool chat_is_result(const struct json_value *value)
{
    const struct json_value *text;
    struct chat_part part;
    struct slice key;

    chat_part_read(value, &part);
    return part.kind == CHAT_PART_RESULT && json_text(json_get(value, "type")).ptr &&
           !(json_get(value, "tool_use_id") && json_get(value, call_id)) &&
           find_result_text(value, &key, &text) && has_known_members(value, key) &&
           chat_count_results(text) == 0;
}

/* Members besides the type and the text; the id of the call gets OpenAI's name. */
static bool is_other_of_result(const void *arg, struct slice *name,
                               const struct json_value *value)
{
    const struct slice *key = arg;

    (void)value;
    if (slice_equal(*name, slice_text("type")) || (key->ptr && slice_equal(*name, *key)))
        return false;
    if (slice_equal(*name, slice_text("tool_use_id")))
        *name = slice_text(call_id);
    return true;
}

static void add_result(struct draft *draft, const struct json_value *result, size_t i)
{
    struct turn turn = { .role = role_tool };
    struct chat_content content = { .signature = NULL };
    const struct json_value *text;
    struct slice key;

    find_result_text(result, &key, &text);
    if (json_type(text) == JSON_ARRAY)
        chat_read_content(draft, text, false, i, &turn, &content);
    else
        turn.content = draft_text(draft, text, "the result of a tool");
    const struct draft_member kept[] = { { "content", content.kept } };
    turn.extra = draft_extra(draft, result, is_other_of_result, &key, kept, 1);
    draft_add(draft, &turn);
}

size_t chat_count_results(const struct json_value *parts)
{
    size_t n = 0;

    for (size_t i = 0; i < json_count(parts); i++)
        n += chat_is_result(json_at(parts, i));
    return n;
}

void chat_read_results(struct draft *draft, const struct json_value *parts, size_t i)
{
    for (size_t j = 0; draft->state == DRAFT_GOOD && j < json_count(parts); j++)
        if (chat_is_result(json_at(parts, j)))
            add_result(draft, json_at(parts, j), i);
}
