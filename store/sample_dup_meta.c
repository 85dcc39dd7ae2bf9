/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "store/db_private.h"
#include "store/sample.h"

enum { META_MAX_BYTES = 1 << 30 };

static const char GET_META[] = "SELECT meta FROM sample WHERE sample_id = :sample_id";

static const char ADD_DUP_META[] =
    "INSERT INTO dup_meta (sample_id, run_id, file_id, line, byte_offset, item, ext_id, meta)"
    " VALUES (:sample_id, :run_id, :file_id, :line, :byte_offset, :item, :ext_id, :meta)"
    " ON CONFLICT (file_id, byte_offset, line, item, sample_id) DO UPDATE SET"
    " run_id = excluded.run_id, ext_id = excluded.ext_id, meta = excluded.meta";

/* Append the canonical form of a JSON text. A text that is not JSON is appended as it is. */
static int add_canonical(struct json *json, struct slice text, struct buf *out,
                         struct error *err)
{
    const struct json_value *value = NULL;
    const char *detail = NULL;
    enum json_issue issue;
    size_t at;

    if (json_parse(json, text, &value, &issue, &at, &detail, err) < 0)
        return -1;
    return issue == JSON_OK ? json_write_canonical(value, out, err)
                            : buf_add_slice(out, text, err);
}

/* Returns 1 if the canonical forms are the same, 0 or -1. */
static int is_same_json(struct slice a, struct slice b, struct error *err)
{
    struct json *json = NULL;
    struct buf forms[2];
    int rc = -1;

    buf_init(&forms[0], META_MAX_BYTES);
    buf_init(&forms[1], META_MAX_BYTES);
    if (json_new(&json, err) == 0 && add_canonical(json, a, &forms[0], err) == 0 &&
        add_canonical(json, b, &forms[1], err) == 0)
        rc = slice_equal(buf_slice(&forms[0]), buf_slice(&forms[1]));
    json_free(json);
    buf_release(&forms[0]);
    buf_release(&forms[1]);
    return rc;
}

/* Returns 1 if the sample has this meta, or if it is none, 0 or -1. */
static int has_meta(struct store *store, int64_t sample_id, struct slice meta,
                    struct error *err)
{
    struct stmt *stmt = NULL;

    if (!meta.ptr)
        return 1;
    if (stmt_use(store, GET_META, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    int rc = stmt_next(stmt, err);
    if (rc < 1)
        return rc;
    const struct slice stored = stmt_bytes(stmt, 0);
    rc = slice_equal(stored, meta) ? 1 : 0;
    if (rc == 0 && stored.ptr)
        rc = is_same_json(stored, meta, err);
    stmt_reset(stmt);
    return rc;
}

int sample_add_dup_meta(struct store *store, const struct sample *duplicate, int64_t sample_id,
                        int64_t run_id, struct error *err)
{
    struct stmt *stmt = NULL;
    const int same = has_meta(store, sample_id, duplicate->meta, err);

    if (same != 0)
        return same < 0 ? -1 : 0;
    if (stmt_use(store, ADD_DUP_META, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_int(stmt, ":file_id", duplicate->file_id);
    stmt_bind_count(stmt, ":line", duplicate->line);
    stmt_bind_count(stmt, ":byte_offset", duplicate->byte_offset);
    stmt_bind_count(stmt, ":item", duplicate->item);
    stmt_bind_text(stmt, ":ext_id", duplicate->ext_id);
    stmt_bind_text(stmt, ":meta", duplicate->meta);
    return stmt_run(stmt, err) < 0 ? -1 : 1;
}
