/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/calls.h"

#include <string.h>

#include "base/buf.h"
#include "base/chat/embedded.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/json/prune.h"

/* The parts of a call that its members can be. */
enum call_part { PART_OTHER, PART_ID, PART_NAME, PART_ARGUMENTS, PART_TYPE, N_CALL_PARTS };

struct call {
    const struct json_value *outer;
    const struct json_value *inner; /* where name and arguments are; may be outer */
    const struct json_value *parts[N_CALL_PARTS];
};

static bool is_call_word(struct slice text, const char *const *words)
{
    for (; *words; words++)
        if (slice_equal(text, slice_text(*words)))
            return true;
    return false;
}

static enum call_part call_part_of(struct slice name)
{
    static const char *const ids[] = { "id", "call_id", "tool_call_id", NULL };
    static const char *const arguments[] = { "arguments", "parameters", "input", "args", NULL };

    return is_call_word(name, ids)                 ? PART_ID
           : is_call_word(name, arguments)         ? PART_ARGUMENTS
           : slice_equal(name, slice_text("name")) ? PART_NAME
           : slice_equal(name, slice_text("type")) ? PART_TYPE
                                                   : PART_OTHER;
}

/* Does the type say only that this is a call? */
static bool is_call_type(const struct json_value *type)
{
    static const char *const words[] = { "function",   "tool_use",      "tool_call",
                                         "tool_calls", "function_call", "functionCall",
                                         NULL };

    return is_call_word(json_text(type), words);
}

/* Find the parts of an object. False when one of them is there twice. */
static bool find_call_parts(struct call *call, const struct json_value *object)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(object, &pos, &name, &value) == 1) {
        const enum call_part part = call_part_of(name);

        if (part == PART_OTHER || prune_is_padding(value))
            continue;
        if (call->parts[part] && part != PART_TYPE)
            return false;
        if (part == PART_TYPE && !is_call_type(value))
            return false;
        call->parts[part] = value;
    }
    return true;
}

/* The object with the name and the arguments. */
static const struct json_value *inner_call(const struct json_value *object)
{
    static const char *const names[] = { "function", "functionCall", "function_call" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_type(json_get(object, names[i])) == JSON_OBJECT)
            return json_get(object, names[i]);
    return object;
}

static bool is_call_id(const struct json_value *id)
{
    return json_type(id) == JSON_NULL || json_type(id) == JSON_STRING ||
           json_type(id) == JSON_NUMBER;
}

/* Is the object a call? A description makes it the definition of a tool. */
static bool find_call(const struct json_value *object, struct call *call)
{
    *call = (struct call){ .outer = object, .inner = inner_call(object) };
    return json_type(object) == JSON_OBJECT && find_call_parts(call, object) &&
           (call->inner == object || find_call_parts(call, call->inner)) &&
           json_text(call->parts[PART_NAME]).len > 0 && is_call_id(call->parts[PART_ID]) &&
           !json_get(call->inner, "description") &&
           embedded_depth(object) <= EMBEDDED_MAX_DEPTH;
}

static int write_arguments(const struct json_value *arguments, struct buf *out,
                           struct error *err)
{
    const struct json_value *value;
    struct json *json;

    if (prune_is_padding(arguments))
        return buf_add_text(out, "{}", err);
    if (json_type(arguments) != JSON_STRING)
        return prune_write(arguments, out, err);
    const int rc = embedded_parse(json_text(arguments), &json, &value, err);
    if (rc < 0)
        return -1;
    /* "null" stays text: as a value it would be no arguments. */
    const bool is_decoded = rc == 1 && json_type(value) != JSON_NULL;
    const int done = json_write(is_decoded ? value : arguments, out, err);
    json_free(json);
    return done;
}

/* Append the members of an object that are no parts of the call. Returns 0 when the call has
 * such a member twice. */
static int write_other_members(const struct call *call, const struct json_value *object,
                               size_t start, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(object, &pos, &name, &value) == 1) {
        if (value == call->inner || call_part_of(name) != PART_OTHER || prune_is_padding(value))
            continue;
        if (object != call->outer && json_get(call->outer, name.ptr))
            return 0;
        if (prune_write_member(name, value, start, out, err) < 0)
            return -1;
    }
    return 1;
}

/* Append the id as a text. */
static int write_id(const struct json_value *id, size_t start, struct buf *out,
                    struct error *err)
{
    if (prune_add_name(slice_text("id"), start, out, err) < 0)
        return -1;
    if (json_type(id) == JSON_STRING)
        return json_write(id, out, err);
    if (buf_add_text(out, "\"", err) < 0 || json_write(id, out, err) < 0)
        return -1;
    return buf_add_text(out, "\"", err);
}

static int write_call(const struct call *call, struct buf *out, struct error *err)
{
    const struct json_value *id = call->parts[PART_ID];
    const size_t start = out->len;
    int rc = 1;

    if ((id && write_id(id, start, out, err) < 0) ||
        prune_write_member(slice_text("name"), call->parts[PART_NAME], start, out, err) < 0 ||
        buf_add_text(out, ",\"arguments\":", err) < 0 ||
        write_arguments(call->parts[PART_ARGUMENTS], out, err) < 0)
        return -1;
    rc = write_other_members(call, call->outer, start, out, err);
    if (rc == 1 && call->inner != call->outer)
        rc = write_other_members(call, call->inner, start, out, err);
    return rc == 1 && buf_add_text(out, "}", err) < 0 ? -1 : rc;
}

static int read_call(const struct json_value *object, struct buf *out, struct error *err)
{
    struct call call;

    if (!find_call(object, &call))
        return 0;
    return buf_add_text(out, out->len == 0 ? "[" : ",", err) < 0 ? -1
                                                                 : write_call(&call, out, err);
}

/* Remove what was appended since the buffer had this length, unless rc is 1. */
static int undo_unless_good(struct buf *out, size_t before, int rc)
{
    if (rc != 1 && out->len > before) {
        out->len = before;
        out->data[before] = '\0';
    }
    return rc;
}

static int read_calls(const struct json_value *value, struct buf *out, struct error *err)
{
    const bool is_list = json_type(value) == JSON_ARRAY;
    const size_t n = is_list ? json_count(value) : 1;
    const size_t before = out->len;
    int rc = n > 0;

    for (size_t i = 0; rc == 1 && i < n; i++)
        rc = read_call(is_list ? json_at(value, i) : value, out, err);
    return undo_unless_good(out, before, rc);
}

int calls_add_text(struct slice text, struct buf *out, struct error *err)
{
    const struct json_value *value;
    struct json *json;
    int rc = embedded_parse(text, &json, &value, err);

    if (rc == 1)
        rc = read_calls(value, out, err);
    json_free(json);
    return rc;
}

bool calls_is_key(struct slice name)
{
    return slice_equal(name, slice_text("tool_calls")) ||
           slice_equal(name, slice_text("function_call"));
}

int calls_add(const struct json_value *value, struct buf *out, struct error *err)
{
    return json_type(value) == JSON_STRING ? calls_add_text(json_text(value), out, err)
                                           : read_calls(value, out, err);
}

bool calls_are_internal(const struct json_value *value)
{
    for (size_t i = 0; i < json_count(value); i++) {
        const struct json_value *call = json_at(value, i);
        const struct json_value *id = json_get(call, "id");

        if (json_text(json_get(call, "name")).len == 0 || !json_get(call, "arguments") ||
            (id && !json_text(id).ptr))
            return false;
    }
    return json_type(value) == JSON_ARRAY && json_count(value) > 0;
}

int calls_end(struct buf *out, struct error *err)
{
    return buf_add_text(out, "]", err);
}

/* Searches for the first byte, which is rare: memmem() is slower. */
static const char *find_mark(struct slice text, const char *mark)
{
    const size_t len = strlen(mark);
    const char *at;

    while (text.len >= len && (at = memchr(text.ptr, mark[0], text.len - len + 1))) {
        if (memcmp(at, mark, len) == 0)
            return at;
        text = slice_of(at + 1, text.len - (size_t)(at + 1 - text.ptr));
    }
    return NULL;
}

static struct slice text_from(struct slice text, const char *at)
{
    return slice_of(at, (size_t)(text.ptr + text.len - at));
}

int calls_add_marked(struct slice text, struct slice *rest, struct buf *out, struct error *err)
{
    static const char open[] = "<tool_call>";
    static const char close[] = "</tool_call>";
    const char *first = text.len > 0 ? find_mark(text, open) : NULL;
    struct slice left = first ? slice_trim(text_from(text, first)) : slice_of("", 0);
    const size_t before = out->len;
    int rc = first != NULL;

    while (rc == 1 && left.len > 0) {
        const char *end = find_mark(left, close);
        const bool is_open =
            left.len > sizeof open && memcmp(left.ptr, open, sizeof open - 1) == 0;

        if (!end || !is_open) {
            rc = 0;
            break;
        }
        const char *begin = left.ptr + sizeof open - 1;
        rc = calls_add_text(slice_of(begin, (size_t)(end - begin)), out, err);
        left = slice_trim(text_from(left, end + sizeof close - 1));
    }
    if (rc == 1) {
        *rest = slice_of(text.ptr, (size_t)(first - text.ptr));
        while (rest->len > 0 && strchr("\r\n", rest->ptr[rest->len - 1]) &&
               rest->ptr[rest->len - 1])
            rest->len--;
    }
    return undo_unless_good(out, before, rc);
}

/* Append {"name": "f", "arguments": '{"a": "it\'s"}'} with the arguments as a JSON string.
 * Returns 0 when there are no single quotes around the arguments. */
static int requote_arguments(struct slice text, struct buf *out, struct error *err)
{
    static const char key[] = "\"arguments\":";
    const char *end = text.ptr + text.len;
    const char *at = find_mark(text, key);
    struct jsonout json;
    struct buf inner;

    const char *begin = at ? at + sizeof key - 1 : end;
    while (begin < end && *begin == ' ')
        begin++;
    const char *last = begin < end ? memrchr(begin, '\'', (size_t)(end - begin)) : NULL;
    if (!last || last == begin || *begin != '\'')
        return 0;
    buf_init(&inner, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    int rc = buf_add(out, text.ptr, (size_t)(begin - text.ptr), err);
    for (const char *p = begin + 1; rc == 0 && p < last; p++) /* Python escapes the quote */
        if (*p != '\\' || p[1] != '\'')
            rc = buf_add(&inner, p, 1, err);
    if (rc == 0) {
        jsonout_init(&json, out);
        jsonout_text(&json, inner.len > 0 ? buf_slice(&inner) : slice_text(""));
        rc = jsonout_end(&json, err);
    }
    if (rc == 0)
        rc = buf_add(out, last + 1, (size_t)(end - last) - 1, err);
    buf_release(&inner);
    return rc < 0 ? -1 : 1;
}

int calls_add_glaive(struct slice text, struct slice *rest, struct buf *out, struct error *err)
{
    static const char mark[] = "<functioncall>";
    const char *at = text.len > 0 ? find_mark(text, mark) : NULL;
    struct buf json;

    if (!at)
        return 0;
    const struct slice call = slice_trim(text_from(text, at + sizeof mark - 1));
    int rc = calls_add_text(call, out, err);
    if (rc == 0) {
        buf_init(&json, SIZE_MAX / 4); /* hardly longer than the record */
        rc = requote_arguments(call, &json, err);
        if (rc == 1)
            rc = calls_add_text(buf_slice(&json), out, err);
        buf_release(&json);
    }
    if (rc == 1) {
        *rest = slice_trim_end(slice_of(text.ptr, (size_t)(at - text.ptr)));
    }
    return rc;
}
