/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/chat_part.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "base/json/prune.h"

static bool is_part_word(struct slice name, const char *const *words)
{
    for (; *words; words++)
        if (name.len == strlen(*words) && strncasecmp(name.ptr, *words, name.len) == 0)
            return true;
    return false;
}

bool chat_is_text_key(struct slice name)
{
    static const char *const words[] = { "content", "value", "text", "message", "parts", NULL };

    return is_part_word(name, words);
}

/* What the type of a part says, or the name of its only member. */
static enum chat_part_kind kind_of_word(struct slice word)
{
    static const char *const texts[] = { "text", "input_text", "output_text", NULL };
    static const char *const calls[] = { "tool_use",      "tool_call",    "tool_calls",
                                         "function_call", "functionCall", NULL };
    static const char *const results[] = { "tool_result", "tool_response", "function_response",
                                           "functionResponse", NULL };
    static const char *const thoughts[] = { "thinking", "reasoning", "thought", NULL };
    static const char *const others[] = { "redacted_thinking", "refusal", "function", NULL };

    return is_part_word(word, texts)      ? CHAT_PART_TEXT
           : is_part_word(word, calls)    ? CHAT_PART_CALL
           : is_part_word(word, results)  ? CHAT_PART_RESULT
           : is_part_word(word, thoughts) ? CHAT_PART_THOUGHT
           : is_part_word(word, others)   ? CHAT_PART_OTHER
           : media_type_of(word)          ? CHAT_PART_MEDIA
                                          : CHAT_PART_BAD;
}

/* The kind of an object without a type: one of its members, *word, has a name of that kind. */
static enum chat_part_kind kind_of_members(const struct json_value *object, struct slice *word)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(object, &pos, &name, &value) == 1) {
        const enum chat_part_kind kind = kind_of_word(name);

        *word = name;
        if (kind != CHAT_PART_BAD && kind != CHAT_PART_TEXT && !prune_is_empty(value))
            return kind;
    }
    return CHAT_PART_TEXT;
}

/* May a member of this name hold the text of a part? */
static bool is_text_member(enum chat_part_kind kind, struct slice name)
{
    return chat_is_text_key(name) ||
           (kind == CHAT_PART_THOUGHT && kind_of_word(name) == CHAT_PART_THOUGHT);
}

/* Find the text of a part, which is there once. */
static void find_part_text(const struct json_value *object, struct chat_part *out)
{
    const struct json_value *value;
    struct slice name;
    size_t n_texts = 0;
    size_t pos = 0;

    while (json_member_next(object, &pos, &name, &value) == 1) {
        if (prune_is_empty(value))
            continue;
        if (is_text_member(out->kind, name)) {
            n_texts++;
            out->text = json_text(value);
        } else if (!slice_equal(name, slice_text("type"))) {
            out->n_more++;
        }
    }
    if (n_texts == 1 && out->text.ptr)
        return;
    out->text = slice_of(NULL, 0);
    out->fault = n_texts > 1 ? "an object with two texts" : "an object without text";
}

/* A part whose type is unknown is a text if it has one under "text". */
static void read_unknown_part(const struct json_value *object, struct chat_part *out)
{
    out->text = json_text(json_get(object, "text"));
    out->kind = out->text.ptr ? CHAT_PART_TEXT : CHAT_PART_BAD;
    out->n_more = 1; /* its type */
    out->fault = "an object without text";
}

/* The type of a medium; Gemini's data say it in a member. */
static const char *media_type_of_part(const struct json_value *part, struct slice word)
{
    static const char *const types[] = { "image", "audio", "video", NULL };
    const struct json_value *data = json_get(part, word.ptr);
    const struct json_value *mime = json_get(data, "mime_type");

    if (!mime)
        mime = json_get(data, "mimeType");
    const struct slice text = json_text(mime);
    for (size_t i = 0; types[i]; i++)
        if (text.len > strlen(types[i]) && memcmp(text.ptr, types[i], strlen(types[i])) == 0)
            return types[i];
    return media_type_of(word);
}

void chat_part_read(const struct json_value *value, struct chat_part *out)
{
    struct slice word = json_text(json_get(value, "type"));

    if (!word.ptr) /* ChatGPT exports */
        word = json_text(json_get(value, "content_type"));

    *out = (struct chat_part){ .kind = CHAT_PART_TEXT, .text = json_text(value) };
    if (json_type(value) == JSON_STRING)
        return;
    if (json_type(value) != JSON_OBJECT) {
        out->kind = CHAT_PART_BAD;
        out->fault = "neither an object nor text";
        return;
    }
    out->kind = word.ptr ? kind_of_word(word) : kind_of_members(value, &word);
    if (out->kind == CHAT_PART_MEDIA)
        out->media_type = media_type_of_part(value, word);
    if (out->kind == CHAT_PART_BAD)
        read_unknown_part(value, out);
    else if (out->kind == CHAT_PART_TEXT || out->kind == CHAT_PART_THOUGHT)
        find_part_text(value, out);
    if (out->fault && out->kind == CHAT_PART_TEXT && !out->text.ptr)
        out->kind = CHAT_PART_BAD;
    if (out->fault && out->kind == CHAT_PART_THOUGHT)
        out->kind = CHAT_PART_OTHER;
}

int chat_join_parts(const struct json_value *parts, struct buf *out, struct error *err)
{
    struct chat_part part;
    bool first = true;

    for (size_t i = 0; i < json_count(parts); i++) {
        chat_part_read(json_at(parts, i), &part);
        if (part.kind != CHAT_PART_TEXT)
            continue;
        if ((!first && buf_add_text(out, "\n", err) < 0) ||
            buf_add_slice(out, part.text, err) < 0)
            return -1;
        first = false;
    }
    return 0;
}
