/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/json_walk.h"

static bool is_blank_byte(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t walk_past_blanks(struct slice text, size_t at)
{
    while (at < text.len && is_blank_byte(text.ptr[at]))
        at++;
    return at;
}

/* The offset after the closing quote of the string whose opening quote is at `at`. */
static size_t walk_past_string(struct slice text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        at += text.ptr[at] == '\\';
    return at < text.len ? at + 1 : text.len;
}

static size_t walk_past_word(struct slice text, size_t at)
{
    while (at < text.len && !is_blank_byte(text.ptr[at]) && text.ptr[at] != ',' &&
           text.ptr[at] != ']' && text.ptr[at] != '}')
        at++;
    return at;
}

/* The offset after the value that begins at `at`. */
static size_t walk_past_value(struct slice text, size_t at)
{
    size_t depth = 0;

    if (at < text.len && text.ptr[at] == '"')
        return walk_past_string(text, at);
    if (at < text.len && text.ptr[at] != '{' && text.ptr[at] != '[')
        return walk_past_word(text, at);
    while (at < text.len) {
        const char c = text.ptr[at];

        if (c == '"') {
            at = walk_past_string(text, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return at;
}

void json_walk_begin(struct json_walk *walk, struct slice text)
{
    *walk = (struct json_walk){ .text = text, .pos = walk_past_blanks(text, 0) + 1 };
}

bool json_walk_next(struct json_walk *walk, struct slice *name, struct slice *value)
{
    const struct slice text = walk->text;
    size_t at = walk_past_blanks(text, walk->pos);

    *name = slice_of("", 0);
    if (at < text.len && text.ptr[at] == ',')
        at = walk_past_blanks(text, at + 1);
    if (at >= text.len || text.ptr[at] == ']' || text.ptr[at] == '}')
        return false;
    size_t end = walk_past_value(text, at);
    const size_t colon = walk_past_blanks(text, end);
    if (colon < text.len && text.ptr[colon] == ':') {
        *name = slice_of(text.ptr + at + 1, end - at - 2);
        at = walk_past_blanks(text, colon + 1);
        end = walk_past_value(text, at);
    }
    *value = slice_of(text.ptr + at, end - at);
    walk->pos = end;
    return true;
}
