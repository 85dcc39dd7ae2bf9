/* SPDX-License-Identifier: Apache-2.0 */
/* Tools and calls in the spelling of a style. A sample that a reader would read differently is
 * not written. */
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/embedded.h"
#include "base/chat/tools.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/chat_private.h"
#include "stages/export/layouts/emit.h"
#include "stages/record/chat_style.h"
#include "store/sample.h"

static const char bad_tools[] = "its tools are not what a reader would make of them";
static const char bad_calls[] = "a turn's calls are not what a reader would make of them";

/* Append a tool as an element of OpenAI's list. An object of another form is written as it is.
 */
static int add_openai_tool(const struct json_value *tool, struct buf *out, struct error *err)
{
    const bool is_function = json_text(json_get(tool, "name")).ptr != NULL;

    if (is_function && buf_add_text(out, "{\"type\":\"function\",\"function\":", err) < 0)
        return -1;
    return json_write(tool, out, err) < 0 || (is_function && buf_add_text(out, "}", err) < 0)
               ? -1
               : 0;
}

static int add_openai_tools(const struct json_value *tools, struct buf *out, struct error *err)
{
    if (buf_add_text(out, "[", err) < 0)
        return -1;
    for (size_t i = 0; i < json_count(tools); i++)
        if ((i > 0 && buf_add_text(out, ",", err) < 0) ||
            add_openai_tool(json_at(tools, i), out, err) < 0)
            return -1;
    return buf_add_text(out, "]", err);
}

/* Append the value of the member "tools". */
static int add_tools(struct chat_writer *writer, struct buf *out)
{
    const struct slice tools = writer->sample->tools;
    const struct json_value *list;

    if (writer->style->tools_are_text)
        return emit_add_quoted(out, tools, writer->err) < 0 ? -1 : 1;
    const int rc = chat_parse_list(writer, tools, bad_tools, &list);
    return rc == 1 && add_openai_tools(list, out, writer->err) < 0 ? -1 : rc;
}

/* Would a reader get the sample's tools from this value? */
static int check_tools(struct chat_writer *writer, struct slice written)
{
    const struct json_value *value;
    struct buf read;

    int rc = chat_parse_list(writer, written, bad_tools, &value);
    if (rc != 1)
        return rc;
    buf_init(&read, SIZE_MAX / 4);
    rc = tools_read(value, &read, writer->err);
    if (rc == 1)
        rc = emit_same_json(buf_slice(&read), writer->sample->tools, writer->err);
    buf_release(&read);
    return rc == 0 ? chat_cannot_hold(writer, bad_tools) : rc;
}

int chat_write_tools(struct chat_writer *writer)
{
    struct buf text;
    int rc;

    if (!writer->sample->tools.ptr) /* those that no reader understood are in meta */
        return emit_tools(&writer->json, writer->sample, writer->err);
    buf_init(&text, SIZE_MAX / 4);
    rc = add_tools(writer, &text);
    if (rc == 1)
        rc = check_tools(writer, buf_slice(&text));
    if (rc == 1) {
        jsonout_key(&writer->json, "tools");
        jsonout_raw(&writer->json, buf_slice(&text));
    }
    buf_release(&text);
    return rc;
}

/* Append arguments as text that a reader decodes to the same value. A text that is JSON itself
 * is quoted, because a reader would decode it. */
static int add_arguments_text(const struct json_value *arguments, struct buf *out,
                              struct error *err)
{
    const struct json_value *value;
    struct json *json;

    if (json_type(arguments) != JSON_STRING)
        return json_write(arguments, out, err);
    const int rc = embedded_parse(json_text(arguments), &json, &value, err);
    const bool is_decoded = rc == 1 && json_type(value) != JSON_NULL;
    json_free(json);
    if (rc < 0)
        return -1;
    return is_decoded ? json_write(arguments, out, err)
                      : buf_add_slice(out, json_text(arguments), err);
}

/* Append the arguments as a JSON string of their text. */
static int add_arguments_string(const struct json_value *arguments, struct buf *out,
                                struct error *err)
{
    struct buf text;
    int rc = -1;

    buf_init(&text, SIZE_MAX / 4);
    if (add_arguments_text(arguments, &text, err) == 0)
        rc = emit_add_quoted(out, text.len > 0 ? buf_slice(&text) : slice_text(""), err);
    buf_release(&text);
    return rc;
}

/* Append a member of a call that is a text or another value. */
static int add_call_member(const char *before, const struct json_value *value, struct buf *out,
                           struct error *err)
{
    return buf_add_text(out, before, err) < 0 ? -1 : json_write(value, out, err);
}

static bool is_basic_member(struct slice name)
{
    return slice_equal(name, slice_text("id")) || slice_equal(name, slice_text("name")) ||
           slice_equal(name, slice_text("arguments"));
}

/* Append the other members of a call, each after a comma. */
static int add_other_members(const struct json_value *call, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(call, &pos, &name, &value) == 1)
        if (!is_basic_member(name) &&
            (buf_add_text(out, ",", err) < 0 || emit_add_quoted(out, name, err) < 0 ||
             add_call_member(":", value, out, err) < 0))
            return -1;
    return 0;
}

/* {"id", "type": "function", "function": {"name", "arguments": TEXT}} */
static int add_openai_call(const struct json_value *call, struct buf *out, struct error *err)
{
    const struct json_value *id = json_get(call, "id");

    if (buf_add_text(out, "{", err) < 0 ||
        (id &&
         (add_call_member("\"id\":", id, out, err) < 0 || buf_add_text(out, ",", err) < 0)) ||
        add_call_member("\"type\":\"function\",\"function\":{\"name\":", json_get(call, "name"),
                        out, err) < 0 ||
        buf_add_text(out, ",\"arguments\":", err) < 0 ||
        add_arguments_string(json_get(call, "arguments"), out, err) < 0 ||
        buf_add_text(out, "}", err) < 0 || add_other_members(call, out, err) < 0)
        return -1;
    return buf_add_text(out, "}", err);
}

/* {"id", "name", "arguments": VALUE}; arguments that are a text stay one. */
static int add_sharegpt_call(const struct json_value *call, struct buf *out, struct error *err)
{
    const struct json_value *arguments = json_get(call, "arguments");
    const struct json_value *id = json_get(call, "id");

    if (buf_add_text(out, "{", err) < 0 ||
        (id &&
         (add_call_member("\"id\":", id, out, err) < 0 || buf_add_text(out, ",", err) < 0)) ||
        add_call_member("\"name\":", json_get(call, "name"), out, err) < 0 ||
        buf_add_text(out, ",\"arguments\":", err) < 0 ||
        (json_type(arguments) == JSON_STRING ? add_arguments_string(arguments, out, err)
                                             : json_write(arguments, out, err)) < 0 ||
        add_other_members(call, out, err) < 0)
        return -1;
    return buf_add_text(out, "}", err);
}

/* Append the calls of a turn. ShareGPT has no list around a single call. */
static int add_call_list(struct chat_writer *writer, const struct turn *turn, struct buf *out)
{
    const bool is_text = writer->style->calls_are_text;
    const struct json_value *calls;
    int rc = chat_parse_list(writer, turn->calls, bad_calls, &calls);

    if (rc != 1)
        return rc;
    const bool has_list = !is_text || json_count(calls) != 1;
    if (has_list && buf_add_text(out, "[", writer->err) < 0)
        return -1;
    for (size_t i = 0; i < json_count(calls); i++)
        if ((i > 0 && buf_add_text(out, ",", writer->err) < 0) ||
            (is_text ? add_sharegpt_call : add_openai_call)(json_at(calls, i), out,
                                                            writer->err) < 0)
            return -1;
    return has_list && buf_add_text(out, "]", writer->err) < 0 ? -1 : 1;
}

int chat_add_calls(struct chat_writer *writer, const struct turn *turn, struct buf *out)
{
    struct buf text, read;
    int rc;

    buf_init(&text, SIZE_MAX / 4);
    buf_init(&read, SIZE_MAX / 4);
    rc = add_call_list(writer, turn, &text);
    if (rc == 1)
        rc = calls_add_text(buf_slice(&text), &read, writer->err);
    if (rc == 1 && calls_end(&read, writer->err) < 0)
        rc = -1;
    if (rc == 1)
        rc = emit_same_json(buf_slice(&read), turn->calls, writer->err);
    if (rc == 0)
        rc = chat_cannot_hold(writer, bad_calls);
    if (rc == 1 && buf_add_slice(out, buf_slice(&text), writer->err) < 0)
        rc = -1;
    buf_release(&text);
    buf_release(&read);
    return rc;
}

int chat_write_calls(struct chat_writer *writer, const struct turn *turn)
{
    struct buf text;
    int rc;

    buf_init(&text, SIZE_MAX / 4);
    rc = chat_add_calls(writer, turn, &text);
    if (rc == 1) {
        jsonout_key(&writer->json, "tool_calls");
        jsonout_raw(&writer->json, buf_slice(&text));
    }
    buf_release(&text);
    return rc;
}
