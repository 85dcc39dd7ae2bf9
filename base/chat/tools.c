/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/tools.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/embedded.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/json/prune.h"

static bool is_function_type(const struct json_value *value)
{
    return slice_equal(json_text(value), slice_text("function"));
}

/* The object that {"type": "function", "function": {...}} wraps; NULL when the wrapper has
 * other members. */
static const struct json_value *unwrap_function(const struct json_value *object)
{
    const struct json_value *inner = json_get(object, "function");
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (json_type(inner) != JSON_OBJECT)
        return NULL;
    while (json_member_next(object, &pos, &name, &value) == 1)
        if (value != inner && !prune_is_padding(value) &&
            !(slice_equal(name, slice_text("type")) && is_function_type(value)))
            return NULL;
    return inner;
}

/* Append a value. Of a text nothing is padding. */
static int write_tool_value(const struct json_value *value, bool is_text, struct buf *out,
                            struct error *err)
{
    return is_text ? json_write(value, out, err) : prune_write(value, out, err);
}

/* Append a function object. */
static int write_function(const struct json_value *object, bool is_text, struct buf *out,
                          struct error *err)
{
    const bool has_parameters = !prune_is_padding(json_get(object, "parameters"));
    const size_t start = out->len;
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(object, &pos, &name, &value) == 1) {
        if ((!is_text && prune_is_padding(value)) ||
            (slice_equal(name, slice_text("type")) && is_function_type(value)))
            continue;
        if (!has_parameters && slice_equal(name, slice_text("input_schema")))
            name = slice_text("parameters");
        if (prune_add_name(name, start, out, err) < 0 ||
            write_tool_value(value, is_text, out, err) < 0)
            return -1;
    }
    return buf_add_text(out, out->len == start ? "{}" : "}", err);
}

static int write_object(const struct json_value *object, bool is_text, struct buf *out,
                        struct error *err)
{
    const struct json_value *inner = unwrap_function(object);

    if (inner)
        return write_function(inner, is_text, out, err);
    return json_text(json_get(object, "name")).ptr
               ? write_function(object, is_text, out, err)
               : write_tool_value(object, is_text, out, err);
}

/* Append a text that is not JSON as an object with one member. */
static int write_plain_text(const char *name, struct slice text, struct buf *out,
                            struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, name);
    jsonout_text(&json, text);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

/* Append an element that is a text: the object that it holds, or a name. */
static int write_text_tool(struct slice text, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct json *json;
    int rc = embedded_parse(text, &json, &value, err);

    if (rc < 0)
        return -1;
    rc = json_type(value) == JSON_OBJECT ? write_object(value, true, out, err)
                                         : write_plain_text("name", text, out, err);
    json_free(json);
    return rc;
}

/* Append an element of a list. Returns 1; 0 when it is neither an object nor a text; -1. */
static int write_tool(const struct json_value *tool, bool is_text, struct buf *out,
                      struct error *err)
{
    const enum json_type type = json_type(tool);

    if (type != JSON_STRING && type != JSON_OBJECT)
        return 0;
    if (buf_add_text(out, out->len == 0 ? "[" : ",", err) < 0 ||
        (type == JSON_STRING ? write_text_tool(json_text(tool), out, err)
                             : write_object(tool, is_text, out, err)) < 0)
        return -1;
    return 1;
}

/* Append the tools of a list, or one object, to a list. Returns 1; 0 when there is none, or
 * something else; -1. */
static int write_tools(const struct json_value *value, bool is_text, struct buf *out,
                       struct error *err)
{
    const bool is_list = json_type(value) == JSON_ARRAY;
    const size_t n = is_list ? json_count(value) : json_type(value) == JSON_OBJECT;
    int rc = n > 0;

    for (size_t i = 0; rc == 1 && i < n; i++)
        rc = write_tool(is_list ? json_at(value, i) : value, is_text, out, err);
    return rc;
}

/* Append the tools of text that is one JSON value. Returns 0 when it is none, or an empty list;
 * -1 for ERR_NOMEM. */
static int write_parsed_text(struct slice text, bool *is_json, struct buf *out,
                             struct error *err)
{
    const struct json_value *value;
    struct json *json;
    int rc = embedded_parse(text, &json, &value, err);

    *is_json = rc == 1 && (json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT);
    rc = *is_json ? write_tools(value, true, out, err) : rc < 0 ? -1 : 0;
    json_free(json);
    return rc;
}

/* The length of the JSON object that the text begins with, by its brackets; 0: there is none.
 */
static size_t object_len(struct slice text)
{
    bool in_string = false;
    size_t depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && c == '{')
            depth++;
        else if (!in_string && c == '}' && --depth == 0)
            return i + 1;
        if (depth == 0)
            return 0;
    }
    return 0;
}

static struct slice skip_separators(struct slice text)
{
    while (text.len > 0 && strchr(" \t\r\n,", text.ptr[0]) && text.ptr[0])
        text = slice_of(text.ptr + 1, text.len - 1);
    return text;
}

/* Append objects that stand one after the other. Returns 1; 0 when there is something else. */
static int write_sequence(struct slice text, struct buf *out, struct error *err)
{
    bool is_json;
    int rc = 0;

    for (text = skip_separators(text); text.len > 0; text = skip_separators(text)) {
        const size_t len = object_len(text);

        rc = len > 0 ? write_parsed_text(slice_of(text.ptr, len), &is_json, out, err) : 0;
        if (rc != 1)
            return rc;
        text = slice_of(text.ptr + len, text.len - len);
    }
    return rc;
}

/* End the list that begins at the start of the buffer, or empty the buffer. */
static int end_tools(struct buf *out, int rc, struct error *err)
{
    if (rc == 1 && buf_add_text(out, "]", err) < 0)
        return -1;
    if (rc != 1)
        buf_clear(out);
    return rc;
}

int tools_read_objects(struct slice text, struct buf *out, struct error *err)
{
    bool is_json;
    int rc = write_parsed_text(text, &is_json, out, err);

    if (rc == 0 && !is_json)
        rc = write_sequence(text, out, err);
    return end_tools(out, rc, err);
}

int tools_read_text(struct slice text, struct buf *out, struct error *err)
{
    bool is_json;
    int rc = write_parsed_text(text, &is_json, out, err);

    if (rc == 0 && !is_json && !slice_is_blank(text)) {
        rc = write_sequence(text, out, err);
        if (rc == 0) {
            buf_clear(out);
            rc = buf_add_text(out, "[", err) < 0 ||
                         write_plain_text("description", text, out, err) < 0
                     ? -1
                     : 1;
        }
    }
    return end_tools(out, rc, err);
}

int tools_read(const struct json_value *value, struct buf *out, struct error *err)
{
    if (json_type(value) == JSON_STRING)
        return tools_read_text(json_text(value), out, err);
    return end_tools(
        out,
        embedded_depth(value) > EMBEDDED_MAX_DEPTH ? 0 : write_tools(value, false, out, err),
        err);
}
