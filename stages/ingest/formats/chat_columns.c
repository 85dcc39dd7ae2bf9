/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists that a columnar store holds as an object of lists.
 */
#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/ingest/formats/chat.h"

/* Are all members lists of one length? Sets it. A member that is null does not count. */
static bool is_columns(const struct json_value *object, size_t *n_rows)
{
    const struct json_value *value;
    struct slice name;
    bool any = false;
    size_t pos = 0;

    *n_rows = 0;
    while (json_member_next(object, &pos, &name, &value) == 1) {
        if (json_type(value) == JSON_NULL)
            continue;
        if (json_type(value) != JSON_ARRAY || (any && json_count(value) != *n_rows))
            return false;
        *n_rows = json_count(value);
        any = true;
    }
    return any;
}

/* Append a row as an object, without what is null. */
static int append_row(const struct json_value *columns, size_t row, struct buf *out,
                      struct error *err)
{
    const struct json_value *value;
    struct jsonout json;
    struct slice name;
    bool first = true;
    size_t pos = 0;

    if (buf_add_text(out, "{", err) < 0)
        return -1;
    while (json_member_next(columns, &pos, &name, &value) == 1) {
        if (json_type(json_at(value, row)) == JSON_NULL)
            continue;
        if (!first && buf_add_text(out, ",", err) < 0)
            return -1;
        first = false;
        jsonout_init(&json, out);
        jsonout_text(&json, name);
        if (jsonout_end(&json, err) < 0 || buf_add_text(out, ":", err) < 0 ||
            json_write(json_at(value, row), out, err) < 0)
            return -1;
    }
    return buf_add_text(out, "}", err);
}

int chat_join_columns(const struct json_value *columns, struct buf *out, struct error *err)
{
    size_t n_rows;

    if (!is_columns(columns, &n_rows))
        return 0;
    if (buf_add_text(out, "[", err) < 0)
        return -1;
    for (size_t i = 0; i < n_rows; i++)
        if ((i > 0 && buf_add_text(out, ",", err) < 0) || append_row(columns, i, out, err) < 0)
            return -1;
    return buf_add_text(out, "]", err) < 0 ? -1 : 1;
}
