/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/json.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* json-c has types of these names. */
#define json_type json_c_type
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool
#undef json_type

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json_build.h"
#include "base/json/json_check.h"
#include "base/json/json_long.h"
#include "base/json/jsonout.h"
#include "base/text/utf8.h"

struct json {
    struct arena keys; /* of the tree */
    struct json_object *root;
    struct buf shortened; /* the text with placeholders for long strings */
    struct buf escaped;   /* the text with control characters escaped */
    struct buf widened;   /* the text with exponents added to large integers */
    unsigned noted;
    size_t max_tree_bytes;
    struct json_long long_strings;
};

/* struct json_value is never defined: it is json-c's node under another name. */
static const struct json_object *json_node(const struct json_value *value)
{
    return (const struct json_object *)value;
}

static const struct json_value *json_node_value(const struct json_object *node)
{
    return (const struct json_value *)node;
}

int json_new(struct json **out, struct error *err)
{
    struct json *json = calloc(1, sizeof *json);

    if (!json)
        return error_nomem(err);
    buf_init(&json->widened, INT_MAX);
    buf_init(&json->shortened, INT_MAX);
    buf_init(&json->escaped, INT_MAX);
    json_long_init(&json->long_strings);
    arena_init(&json->keys);
    json->max_tree_bytes = JSON_TREE_BYTES;
    *out = json;
    return 0;
}

void json_free(struct json *json)
{
    if (!json)
        return;
    json_object_put(json->root);
    arena_release(&json->keys);
    buf_release(&json->widened);
    buf_release(&json->shortened);
    buf_release(&json->escaped);
    json_long_release(&json->long_strings);
    free(json);
}

void json_limit(struct json *json, size_t max_tree_bytes)
{
    json->max_tree_bytes = max_tree_bytes;
}

static bool check_json_text(const struct json *json, struct slice text, struct json_check *out)
{
    const size_t bad_at = utf8_bad_at(text);

    *out = (struct json_check){ .at = bad_at };
    if (bad_at < text.len) {
        out->issue = JSON_BAD_UTF8;
        out->detail = "bytes that are not UTF-8";
        return false;
    }
    if (text.len >= INT_MAX) {
        out->issue = JSON_BAD_SYNTAX;
        out->detail = "a value of 2 GiB or more";
        return false;
    }
    if (!json_check(text, out))
        return false;
    if (out->tree_bytes > json->max_tree_bytes) {
        out->issue = JSON_TOO_LARGE;
        out->detail = "it has so many values that they do not fit into memory";
        return false;
    }
    return true;
}

/* Simplify the text for json-c. *text may be the original or point into a buffer of json. */
static int simplify_text(struct json *json, const struct json_check *checked,
                         struct slice *text, struct error *err)
{
    *text = checked->value;
    if (checked->n_long > 0) {
        buf_clear(&json->shortened);
        if (json_shorten(&json->long_strings, checked, &json->shortened, err) < 0)
            return -1;
        *text = buf_slice(&json->shortened);
    }
    if (checked->raw_controls) {
        buf_clear(&json->escaped);
        if (json_escape_controls(*text, &json->escaped, err) < 0)
            return -1;
        *text = buf_slice(&json->escaped);
    }
    if (checked->wide_numbers) {
        buf_clear(&json->widened);
        if (json_widen(*text, &json->widened, err) < 0)
            return -1;
        *text = buf_slice(&json->widened);
    }
    return 0;
}

static void attach_long_string(struct json *json, struct json_object *node)
{
    const struct slice string =
        slice_of(json_object_get_string(node), (size_t)json_object_get_string_len(node));

    json_object_set_userdata(node, (void *)json_long_find(&json->long_strings, string), NULL);
}

/* Make placeholders point to their decoded text. Recursive, at most JSON_MAX_DEPTH deep. */
static void attach_long_strings(struct json *json, struct json_object *node)
{
    switch (json_object_get_type(node)) {
    case json_type_string:
        attach_long_string(json, node);
        break;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(node); i++)
            attach_long_strings(json, json_object_array_get_idx(node, i));
        break;
    case json_type_object:
        for (const struct lh_entry *entry = json_object_get_object(node)->head; entry;
             entry = entry->next)
            attach_long_strings(json, lh_entry_v(entry));
        break;
    case json_type_null:
    case json_type_boolean:
    case json_type_double:
    case json_type_int:
        break;
    }
}

/* Nodes of NaN and Infinity have no text; 1e999 has one, and is a number. */
static bool is_number_text(const struct json_object *node)
{
    return isfinite(json_object_get_double(node)) ||
           json_object_get_userdata((struct json_object *)node) != NULL;
}

/* Facts that only the tree shows. It has one member where the text has a key twice. */
struct tree_facts {
    size_t n_members;
    bool beyond_double;
};

/* Recursive, at most JSON_MAX_DEPTH deep. */
static void collect_tree_facts(const struct json_object *node, struct tree_facts *all)
{
    const enum json_c_type type = json_object_get_type(node);

    if (type == json_type_double) {
        all->beyond_double |= !isfinite(json_object_get_double(node)) && is_number_text(node);
    } else if (type == json_type_array) {
        for (size_t i = 0; i < json_object_array_length(node); i++)
            collect_tree_facts(json_object_array_get_idx(node, i), all);
    } else if (type == json_type_object) {
        for (const struct lh_entry *entry = json_object_get_object(node)->head; entry;
             entry = entry->next) {
            all->n_members++;
            collect_tree_facts(lh_entry_v(entry), all);
        }
    }
}

int json_parse(struct json *json, struct slice text, const struct json_value **out,
               enum json_issue *issue, size_t *issue_at, const char **issue_detail,
               struct error *err)
{
    struct json_check checked;
    struct slice simple;

    json_object_put(json->root);
    json->root = NULL;
    arena_clear(&json->keys);
    json->noted = 0;
    if (check_json_text(json, text, &checked)) {
        if (simplify_text(json, &checked, &simple, err) < 0 ||
            json_build(simple, &json->keys, &json->root, err) < 0)
            return -1;
        if (checked.n_long > 0)
            attach_long_strings(json, json->root);
        struct tree_facts all = { 0 };

        collect_tree_facts(json->root, &all);
        json->noted = checked.noted;
        if (json->root && all.n_members < checked.n_keys)
            json->noted |= JSON_NOTED_DUPLICATE_KEY;
        if (all.beyond_double)
            json->noted |= JSON_NOTED_BIG_NUMBER;
    }
    *out = json_node_value(json->root);
    *issue = checked.issue;
    *issue_at = checked.at;
    *issue_detail = checked.detail;
    return 0;
}

unsigned json_noted(const struct json *json)
{
    return json->noted;
}

enum json_type json_type(const struct json_value *value)
{
    const struct json_object *node = json_node(value);

    switch (json_object_get_type(node)) {
    case json_type_null:
        return JSON_NULL;
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_double:
        return is_number_text(node) ? JSON_NUMBER : JSON_NULL;
    case json_type_int:
        return JSON_NUMBER;
    case json_type_string:
        return JSON_STRING;
    case json_type_array:
        return JSON_ARRAY;
    case json_type_object:
        return JSON_OBJECT;
    }
    return JSON_NULL;
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
    struct json_object *member;

    if (json_type(object) != JSON_OBJECT ||
        !json_object_object_get_ex(json_node(object), key, &member))
        return NULL;
    return json_node_value(member);
}

const struct json_value *json_get_nocase(const struct json_value *object, const char *key)
{
    const struct json_value *found = NULL;

    if (json_type(object) != JSON_OBJECT)
        return NULL;
    for (const struct lh_entry *entry = json_object_get_object(json_node(object))->head; entry;
         entry = entry->next)
        if (strcasecmp(lh_entry_k(entry), key) == 0)
            found = lh_entry_v(entry);
    return found;
}

size_t json_count(const struct json_value *array_or_object)
{
    const struct json_object *node = json_node(array_or_object);

    switch (json_type(array_or_object)) {
    case JSON_ARRAY:
        return json_object_array_length(node);
    case JSON_OBJECT:
        return (size_t)json_object_object_length(node);
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_STRING:
        return 0;
    }
    return 0;
}

const struct json_value *json_at(const struct json_value *array, size_t i)
{
    if (json_type(array) != JSON_ARRAY)
        return NULL;
    return json_node_value(json_object_array_get_idx(json_node(array), i));
}

struct slice json_text(const struct json_value *value)
{
    struct json_object *node = (struct json_object *)value;

    if (json_type(value) != JSON_STRING)
        return (struct slice){ NULL, 0 };
    const struct slice *text = json_object_get_userdata(node);
    if (text)
        return *text;
    return slice_of(json_object_get_string(node), (size_t)json_object_get_string_len(node));
}

static bool int_from_double(double value, int64_t *out)
{
    /* Exclude -2^63: smaller numbers may have been rounded to it. */
    if (!(value > -0x1p63 && value < 0x1p63) || value != trunc(value))
        return false;
    *out = (int64_t)value;
    return true;
}

bool json_int(const struct json_value *value, int64_t *out)
{
    const struct json_object *node = json_node(value);
    const enum json_c_type type = json_object_get_type(node);

    if (type == json_type_double)
        return int_from_double(json_object_get_double(node), out);
    if (type != json_type_int && type != json_type_boolean)
        return false;
    const int64_t number = json_object_get_int64(node);
    /* json-c clamps larger values to INT64_MAX. */
    if (number == INT64_MAX && json_object_get_uint64(node) > INT64_MAX)
        return false;
    *out = number;
    return true;
}

bool json_double(const struct json_value *value, double *out)
{
    const enum json_type type = json_type(value);

    if (type != JSON_NUMBER && type != JSON_BOOL)
        return false;
    const double number = json_object_get_double(json_node(value));
    if (!isfinite(number))
        return false;
    *out = number;
    return true;
}

bool json_bool(const struct json_value *value, bool *out)
{
    if (json_type(value) != JSON_BOOL)
        return false;
    *out = json_object_get_boolean(json_node(value));
    return true;
}

int json_member_next(const struct json_value *object, size_t *pos, struct slice *key,
                     const struct json_value **value)
{
    const struct lh_entry *entry = (const struct lh_entry *)*pos;

    if (json_type(object) != JSON_OBJECT)
        return 0;
    entry = entry ? entry->next : json_object_get_object(json_node(object))->head;
    if (!entry)
        return 0;
    *pos = (size_t)entry;
    *key = slice_text(lh_entry_k(entry));
    *value = lh_entry_v(entry);
    return 1;
}

static void write_json_number(struct jsonout *out, struct json_object *node)
{
    const char *text = json_object_get_userdata(node);

    if (json_object_get_type(node) == json_type_double && text) {
        jsonout_raw(out, json_narrow(slice_text(text)));
    } else if (json_object_get_int64(node) < INT64_MAX) {
        jsonout_int(out, json_object_get_int64(node));
    } else {
        char digits[24];
        const int n = snprintf(digits, sizeof digits, "%" PRIu64, json_object_get_uint64(node));

        jsonout_raw(out, slice_of(digits, (size_t)n));
    }
}

/* Recursive, at most JSON_MAX_DEPTH deep. */
static void write_json_value(struct jsonout *out, const struct json_value *value)
{
    struct slice key;
    const struct json_value *member;
    size_t pos = 0;

    switch (json_type(value)) {
    case JSON_NULL:
        jsonout_null(out);
        break;
    case JSON_BOOL:
        jsonout_bool(out, json_object_get_boolean(json_node(value)));
        break;
    case JSON_NUMBER:
        write_json_number(out, (struct json_object *)value);
        break;
    case JSON_STRING:
        jsonout_text(out, json_text(value));
        break;
    case JSON_ARRAY:
        jsonout_array_begin(out);
        for (size_t i = 0; i < json_count(value); i++)
            write_json_value(out, json_at(value, i));
        jsonout_array_end(out);
        break;
    case JSON_OBJECT:
        jsonout_object_begin(out);
        while (json_member_next(value, &pos, &key, &member)) {
            jsonout_key(out, key.ptr);
            write_json_value(out, member);
        }
        jsonout_object_end(out);
        break;
    }
}

int json_write(const struct json_value *value, struct buf *out, struct error *err)
{
    struct jsonout writer;

    jsonout_init(&writer, out);
    write_json_value(&writer, value);
    return jsonout_end(&writer, err);
}
