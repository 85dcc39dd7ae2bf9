/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/json_build.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define json_type json_c_type
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool
#undef json_type

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json_long.h"

enum { NUMBER_BYTES = 64 };

struct builder {
    const char *p;
    const char *end;
    struct arena *keys;
    struct buf text; /* a decoded string, or a long number */
    struct error *err;
};

static int build_value(struct builder *b, struct json_object **out);

static void skip_build_blanks(struct builder *b)
{
    while (b->p < b->end && (*b->p == ' ' || *b->p == '\n' || *b->p == '\r' || *b->p == '\t'))
        b->p++;
}

/* Skip the string at the cursor. Returns the bytes between its quotes. */
static struct slice skip_string(struct builder *b, bool *has_escapes)
{
    const char *first = ++b->p;

    *has_escapes = false;
    while (*b->p != '"') {
        *has_escapes |= *b->p == '\\';
        b->p += *b->p == '\\' ? 2 : 1;
    }
    return slice_of(first, (size_t)(b->p++ - first));
}

/* Parse the string at the cursor. *out is valid until the next call. */
static int parse_string(struct builder *b, struct slice *out)
{
    bool has_escapes;

    *out = skip_string(b, &has_escapes);
    if (!has_escapes)
        return 0;
    buf_clear(&b->text);
    if (buf_reserve(&b->text, out->len, b->err) < 0)
        return -1;
    b->text.len = (size_t)(json_long_decode(*out, b->text.data) - b->text.data);
    *out = buf_slice(&b->text);
    return 0;
}

/* Set *out. Raises ERR_NOMEM if object is NULL. */
static int set_node(struct builder *b, struct json_object *object, struct json_object **out)
{
    *out = object;
    return object ? 0 : error_nomem(b->err);
}

static int build_string(struct builder *b, struct json_object **out)
{
    struct slice text;

    if (parse_string(b, &text) < 0)
        return -1;
    return set_node(b, json_object_new_string_len(text.ptr, (int)text.len), out);
}

/* Keep the text of a number, unless it is an integer of 64 bits. */
static int build_number(struct builder *b, struct json_object **out)
{
    const char *first = b->p;
    char few[NUMBER_BYTES];
    bool is_integer = true;

    while (b->p < b->end && strchr("+-.0123456789eE", *b->p) && *b->p) {
        is_integer &= *b->p != '.' && (*b->p | 0x20) != 'e';
        b->p++;
    }
    const size_t n = (size_t)(b->p - first);
    buf_clear(&b->text);
    if (n >= sizeof few && buf_add(&b->text, first, n, b->err) < 0)
        return -1;
    char *text = n < sizeof few ? few : b->text.data;
    memcpy(text, first, n);
    text[n] = '\0';
    if (!is_integer)
        return set_node(b, json_object_new_double_s(strtod(text, NULL), text), out);
    errno = 0;
    const long long number = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return set_node(b, json_object_new_uint64(strtoull(text, NULL, 10)), out);
    return set_node(b, json_object_new_int64(number), out);
}

/* true, false, null, NaN, Infinity, -Infinity: the first letter is enough. */
static int build_word(struct builder *b, struct json_object **out)
{
    const char first = *b->p == '-' ? 'I' : *b->p;

    while (b->p < b->end && (*b->p == '-' || ((*b->p | 0x20) >= 'a' && (*b->p | 0x20) <= 'z')))
        b->p++;
    if (first == 't' || first == 'f')
        return set_node(b, json_object_new_boolean(first == 't'), out);
    if (first == 'N' || first == 'I')
        return set_node(b, json_object_new_double(NAN), out);
    *out = NULL;
    return 0;
}

/* Parse the key at the cursor, and its colon. */
static int parse_member_key(struct builder *b, const char **out)
{
    struct slice key;

    if (parse_string(b, &key) < 0)
        return -1;
    *out = arena_copy(b->keys, key).ptr;
    skip_build_blanks(b);
    b->p++;
    return *out ? 0 : error_nomem(b->err);
}

static int build_member(struct builder *b, struct json_object *object)
{
    struct json_object *value = NULL;
    const char *key;

    if (parse_member_key(b, &key) < 0 || build_value(b, &value) < 0)
        return -1;
    if (json_object_object_add_ex(object, key, value, JSON_C_OBJECT_ADD_CONSTANT_KEY) == 0)
        return 0;
    json_object_put(value);
    return error_nomem(b->err);
}

static int build_element(struct builder *b, struct json_object *array)
{
    struct json_object *value = NULL;

    if (build_value(b, &value) < 0)
        return -1;
    if (json_object_array_add(array, value) == 0)
        return 0;
    json_object_put(value);
    return error_nomem(b->err);
}

/* Build the object or array at the cursor. */
static int build_nested(struct builder *b, struct json_object **out)
{
    const bool is_object = *b->p == '{';
    struct json_object *nested = is_object ? json_object_new_object() : json_object_new_array();

    if (!nested)
        return error_nomem(b->err);
    b->p++;
    skip_build_blanks(b);
    while (*b->p != '}' && *b->p != ']') {
        if ((is_object ? build_member(b, nested) : build_element(b, nested)) < 0) {
            json_object_put(nested);
            return -1;
        }
        skip_build_blanks(b);
        if (*b->p == ',')
            b->p++;
        skip_build_blanks(b);
    }
    b->p++;
    *out = nested;
    return 0;
}

/* Recursive, at most JSON_MAX_DEPTH deep. */
static int build_value(struct builder *b, struct json_object **out)
{
    skip_build_blanks(b);
    if (*b->p == '{' || *b->p == '[')
        return build_nested(b, out);
    if (*b->p == '"')
        return build_string(b, out);
    if ((*b->p >= '0' && *b->p <= '9') || (*b->p == '-' && b->p[1] != 'I'))
        return build_number(b, out);
    return build_word(b, out);
}

int json_build(struct slice text, struct arena *keys, struct json_object **out,
               struct error *err)
{
    struct builder b = { .p = text.ptr, .end = text.ptr + text.len, .keys = keys, .err = err };

    buf_init(&b.text, text.len + 2);
    const int rc = build_value(&b, out);
    buf_release(&b.text);
    return rc;
}
