/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/chat_style.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "stages/record/roles.h"

const struct chat_style chat_openai = {
    .list_key = "messages",
    .role_key = "role",
    .text_key = "content",
    .trained_key = "weight",
    .trained_is_number = true,
    .words = { "user", "assistant", "system", "tool" },
    .system_is_message = true,
    .has_parts = true,
};
const struct chat_style chat_sharegpt = {
    .list_key = "conversations",
    .role_key = "from",
    .text_key = "value",
    .trained_key = "train",
    .words = { "human", "gpt", "system", "observation" },
    .system_is_message = false,
    .calls_are_text = true,
    .thoughts_are_text = true,
    .tools_are_text = true,
};

const char chat_call_word[] = "function_call";

const char *chat_word(const struct chat_style *style, struct slice role)
{
    return slice_equal(role, role_user)        ? style->words.user
           : slice_equal(role, role_assistant) ? style->words.assistant
           : slice_equal(role, role_system)    ? style->words.system
           : slice_equal(role, role_tool)      ? style->words.tool
                                               : NULL;
}

static const char *const user_words[] = { "user",  "human",    "prompter", "customer",
                                          "input", "question", "inquirer", NULL };
static const char *const assistant_words[] = { "assistant", "gpt",    "chatgpt", "bard",
                                               "bing",      "model",  "ai",      "bot",
                                               "agent",     "output", "answer",  "response",
                                               "claude",    "llm",    NULL };
static const char *const system_words[] = { "system", "developer", NULL };
static const char *const tool_words[] = {
    "tool",        "function",          "observation",     "tool_response", "tool_result",
    "tool_output", "function_response", "function_result", "ipython",       "environment",
    NULL
};
static const char *const call_words[] = { chat_call_word, "tool_call", "tool_caller",
                                          "tool_calls", NULL };

static struct slice trim_word(struct slice word)
{
    while (word.len > 0 && slice_is_blank(slice_of(word.ptr, 1)))
        word = slice_of(word.ptr + 1, word.len - 1);
    while (word.len > 0 && slice_is_blank(slice_of(word.ptr + word.len - 1, 1)))
        word.len--;
    return word;
}

/* Is it one of the words, whatever the case of its letters, with "-" or " " for "_"? */
static bool is_role_word(struct slice word, const char *const *words)
{
    for (; *words; words++) {
        size_t i = 0;

        while (i < word.len && (*words)[i] &&
               ((*words)[i] == '_' ? strchr("_- ", word.ptr[i]) != NULL && word.ptr[i]
                                   : tolower((unsigned char)word.ptr[i]) == (*words)[i]))
            i++;
        if (i == word.len && !(*words)[i])
            return true;
    }
    return false;
}

/* Is it the name of a model, as "GPT-4" or "gpt4"? */
static bool is_model(struct slice word)
{
    return word.len > 3 && strncasecmp(word.ptr, "gpt", 3) == 0 &&
           (word.ptr[3] == '-' || isdigit((unsigned char)word.ptr[3]));
}

struct slice chat_role_of(struct slice word)
{
    word = trim_word(word);
    return is_role_word(word, user_words)                          ? role_user
           : is_role_word(word, assistant_words) || is_model(word) ? role_assistant
           : chat_is_call(word)                                    ? role_assistant
           : is_role_word(word, system_words)                      ? role_system
           : is_role_word(word, tool_words)                        ? role_tool
                                                                   : slice_of(NULL, 0);
}

bool chat_is_call(struct slice word)
{
    return is_role_word(trim_word(word), call_words);
}

static bool is_one_of(struct slice name, const char *const *words)
{
    for (; *words; words++)
        if (name.len == strlen(*words) && strncasecmp(name.ptr, *words, name.len) == 0)
            return true;
    return false;
}

bool chat_has_calls(const struct json_value *message)
{
    return json_count(json_get(message, "tool_calls")) > 0 ||
           json_type(json_get(message, chat_call_word)) == JSON_OBJECT;
}

bool chat_is_text_key(struct slice name)
{
    static const char *const words[] = { "content", "value", "text", "message", "parts", NULL };

    return is_one_of(name, words);
}

bool chat_is_media_key(struct slice name)
{
    static const char *const words[] = { "image",     "images",      "image_url", "input_image",
                                         "audio",     "audios",      "audio_url", "input_audio",
                                         "video",     "videos",      "video_url", "file",
                                         "file_data", "inline_data", "document",  NULL };

    return is_one_of(name, words);
}

/* Is it the type of a part whose text is the text of the message? A part of unknown type is
 * one if its text is under "text". */
static bool is_text_type(struct slice type)
{
    static const char *const words[] = { "text", "input_text", "output_text", NULL };

    return !type.ptr || is_one_of(type, words);
}

/* Is it the type of a part that holds something else than text of the message? */
static bool is_other_type(struct slice type)
{
    static const char *const words[] = {
        "tool_use",         "tool_call", "tool_calls",        "tool_result", "tool_response",
        "function_call",    "thinking",  "redacted_thinking", "reasoning",   "functionCall",
        "functionResponse", "function",  "function_response", NULL
    };

    return is_one_of(type, words) || chat_is_media_key(type);
}

/* The members of a content part that matter. */
struct part {
    struct slice type; /* ptr NULL: none */
    struct slice text; /* ptr NULL: none */
    size_t n_texts;
    bool is_other; /* media, a call, a result or reasoning */
};

static void look_at_part(const struct json_value *object, struct part *out)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    *out = (struct part){ .type = json_text(json_get(object, "type")) };
    while (json_member_next(object, &pos, &name, &value) == 1) {
        if (json_type(value) == JSON_NULL)
            continue;
        if (chat_is_text_key(name)) {
            out->n_texts++;
            out->text = json_text(value);
        } else if (chat_is_media_key(name) || is_other_type(name)) {
            out->is_other = true;
        }
    }
    if (is_other_type(out->type))
        out->is_other = true;
    if (!is_text_type(out->type))
        out->text = json_text(json_get(object, "text"));
}

/* The text of {"type": "text", "text": "..."} or of a string; ptr NULL for an image and the
 * like. */
static struct slice part_text(const struct json_value *object)
{
    struct part part;

    if (json_type(object) != JSON_OBJECT)
        return json_text(object);
    look_at_part(object, &part);
    return part.text;
}

const char *chat_part_fault(const struct json_value *object)
{
    struct part part;

    if (json_type(object) == JSON_STRING)
        return NULL;
    if (json_type(object) != JSON_OBJECT)
        return "neither an object nor text";
    look_at_part(object, &part);
    if (part.is_other)
        return NULL;
    return part.n_texts > 1 ? "an object with two texts"
           : part.text.ptr  ? NULL
                            : "an object without text";
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
