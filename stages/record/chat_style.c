/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/chat_style.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "stages/record/roles.h"

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

const char *chat_word(const struct chat_style *style, struct slice role)
{
    return slice_equal(role, role_user)        ? style->words.user
           : slice_equal(role, role_assistant) ? style->words.assistant
           : slice_equal(role, role_system)    ? style->words.system
           : slice_equal(role, role_tool)      ? style->words.tool
                                               : NULL;
}

struct slice chat_role_of(struct slice word)
{
    static const struct {
        const char *word;
        const struct slice *role;
    } aliases[] = {
        { "user", &role_user },           { "human", &role_user },
        { "assistant", &role_assistant }, { "gpt", &role_assistant },
        { "chatgpt", &role_assistant },   { "bard", &role_assistant },
        { "bing", &role_assistant },      { function_call, &role_assistant },
        { "system", &role_system },       { "developer", &role_system },
        { "tool", &role_tool },           { "function", &role_tool },
        { "observation", &role_tool },
    };

    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (word.len == strlen(aliases[i].word) &&
            strncasecmp(word.ptr, aliases[i].word, word.len) == 0)
            return *aliases[i].role;
    return slice_of(NULL, 0);
}

bool chat_is_call(struct slice word)
{
    return word.len == strlen(function_call) &&
           strncasecmp(word.ptr, function_call, word.len) == 0;
}

bool chat_has_calls(const struct json_value *message)
{
    return json_type(json_get(message, "tool_calls")) == JSON_ARRAY ||
           json_type(json_get(message, function_call)) == JSON_OBJECT;
}

/* The text of {"type": "text", "text": "..."} or of a string; ptr NULL for an image and the
 * like. */
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
