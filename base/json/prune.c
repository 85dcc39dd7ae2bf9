/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/prune.h"

#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"

/* Recursive, at most JSON_MAX_DEPTH deep. */
bool prune_is_padding(const struct json_value *value)
{
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;

    if (json_type(value) == JSON_NULL)
        return true;
    if (json_type(value) != JSON_OBJECT || json_count(value) == 0)
        return false;
    while (json_member_next(value, &pos, &name, &inner) == 1)
        if (!prune_is_padding(inner))
            return false;
    return true;
}

bool prune_is_empty(const struct json_value *value)
{
    const enum json_type type = json_type(value);

    return prune_is_padding(value) ||
           ((type == JSON_ARRAY || type == JSON_OBJECT) && json_count(value) == 0);
}

int prune_add_name(struct slice name, size_t start, struct buf *out, struct error *err)
{
    struct jsonout json;

    if (buf_add_text(out, out->len == start ? "{" : ",", err) < 0)
        return -1;
    jsonout_init(&json, out);
    jsonout_text(&json, name);
    return jsonout_end(&json, err) < 0 ? -1 : buf_add_text(out, ":", err);
}

int prune_write_member(struct slice name, const struct json_value *value, size_t start,
                       struct buf *out, struct error *err)
{
    return prune_add_name(name, start, out, err) < 0 ? -1 : prune_write(value, out, err);
}

static int write_pruned_list(const struct json_value *list, struct buf *out, struct error *err)
{
    if (buf_add_text(out, "[", err) < 0)
        return -1;
    for (size_t i = 0; i < json_count(list); i++)
        if ((i > 0 && buf_add_text(out, ",", err) < 0) ||
            prune_write(json_at(list, i), out, err) < 0)
            return -1;
    return buf_add_text(out, "]", err);
}

int prune_write(const struct json_value *value, struct buf *out, struct error *err)
{
    const size_t start = out->len;
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;

    if (json_type(value) == JSON_ARRAY)
        return write_pruned_list(value, out, err);
    if (json_type(value) != JSON_OBJECT)
        return json_write(value, out, err);
    while (json_member_next(value, &pos, &name, &inner) == 1)
        if (!prune_is_padding(inner) && prune_write_member(name, inner, start, out, err) < 0)
            return -1;
    return buf_add_text(out, out->len == start ? "{}" : "}", err);
}
