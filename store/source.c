/* SPDX-License-Identifier: Apache-2.0 */
#include "store/source.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "store/db_private.h"

enum { CLASS_MAX_BYTES = 1000 };

static const char ADD_SOURCE[] =
    "INSERT INTO source (name) VALUES (:name) ON CONFLICT (name) DO NOTHING";

static const char FIND_SOURCE[] = "SELECT source_id FROM source WHERE name = :name";

static const char ADD_FILE[] = "INSERT INTO file (source_id, path) VALUES (:source_id, :path)"
                               " ON CONFLICT (source_id, path) DO NOTHING";

/* What a config says about a split holds more than what a name says. */
static const char SET_SPLIT[] =
    "UPDATE file SET config = coalesce(:config, config), split = CASE WHEN :config IS NULL"
    " THEN coalesce(split, :split) ELSE coalesce(:split, split) END"
    " WHERE source_id = (SELECT source_id FROM source WHERE name = :source) AND path = :path";

static const char FIND_FILE[] =
    "SELECT file_id FROM file WHERE source_id = :source_id AND path = :path";

/* 1 if the source has the file, 2 if it has only others. */
static const char FIND_SOURCE_FILE[] =
    "SELECT CASE WHEN f.path IN (:path, './' || :path) OR :path = './' || f.path THEN 1 ELSE 2 "
    "END AS found FROM file f JOIN source o ON o.source_id = f.source_id"
    " WHERE o.name = :source ORDER BY found LIMIT 1";

/* A bad page at the same place may lose other rows than before: the file was written again. */
static const char ADD_REJECT[] =
    "INSERT INTO reject (run_id, file_id, line, byte_offset, byte_len, item, class, detail,"
    " raw, hash, n_rows) VALUES (:run_id, :file_id, :line, :byte_offset, :byte_len, :item,"
    " :class, :detail, :raw, :hash, :n_rows)"
    " ON CONFLICT (file_id, byte_offset, line, hash) DO UPDATE SET run_id = excluded.run_id,"
    " class = excluded.class, detail = excluded.detail, n_rows = excluded.n_rows"
    " WHERE n_rows <> excluded.n_rows";

static const char SCAN_REJECTS[] =
    "SELECT j.run_id, o.name, f.path, j.file_id, j.line, j.byte_offset, j.byte_len, j.class,"
    " j.detail, j.raw, j.reject_id, j.item, j.n_rows"
    " FROM reject j JOIN file f ON f.file_id = j.file_id"
    " JOIN source o ON o.source_id = f.source_id"
    " WHERE j.reject_id > :after AND (:class IS NULL OR j.class = :class)"
    " ORDER BY j.reject_id LIMIT :limit";

static const char REMOVE_REJECT[] = "DELETE FROM reject WHERE reject_id = :reject_id";

static const char REJECT_EXISTS[] = "SELECT 1 FROM reject WHERE file_id = :file_id LIMIT 1";

/* Of a row of a table, `raw` is JSON made of it, whose length is another. A row that was too
 * long was stored as it stood, so only place and length can be compared. */
static const char CLOSE_REJECTS[] =
    "DELETE FROM reject WHERE file_id = :file_id AND byte_offset = :byte_offset"
    " AND byte_len = :byte_len AND (raw = substr(:raw, 1, length(raw))"
    " OR (class = 'too_long' AND length(:raw) <> byte_len))";

static const char CLOSE_BAD_PAGE[] =
    "DELETE FROM reject WHERE class = 'bad_page' AND file_id = :file_id AND line <= :line"
    " AND line + n_rows > :line";

static const char UPDATE_REJECT[] =
    "UPDATE reject SET class = :class, detail = :detail WHERE reject_id = :reject_id";

struct reject_scan {
    struct stmt *stmt;
    struct buf class; /* class of the last row, as a C string */
};

static int put_source(struct store *store, struct slice name, int64_t *id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, ADD_SOURCE, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", name);
    if (stmt_run(stmt, err) < 0 || stmt_use(store, FIND_SOURCE, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", name);
    return stmt_get_int(stmt, id, err);
}

int source_file_put(struct store *store, const char *source, const char *path, int64_t *file_id,
                    struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t source_id;

    if (put_source(store, slice_text(source), &source_id, err) < 0 ||
        stmt_use(store, ADD_FILE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":source_id", source_id);
    stmt_bind_text(stmt, ":path", slice_text(path));
    if (stmt_run(stmt, err) < 0 || stmt_use(store, FIND_FILE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":source_id", source_id);
    stmt_bind_text(stmt, ":path", slice_text(path));
    return stmt_get_int(stmt, file_id, err);
}

int source_file_set_split(struct store *store, const char *source, const char *path,
                          const char *config, const char *split, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, SET_SPLIT, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":source", slice_text(source));
    stmt_bind_text(stmt, ":path", slice_text(path));
    if (config)
        stmt_bind_text(stmt, ":config", slice_text(config));
    if (split)
        stmt_bind_text(stmt, ":split", slice_text(split));
    return stmt_run(stmt, err);
}

int source_find_file(struct store *store, const char *source, const char *path,
                     struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_SOURCE_FILE, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":source", slice_text(source));
    stmt_bind_text(stmt, ":path", slice_text(path));
    const int rc = stmt_next(stmt, err);
    const int found = rc == 1 ? (int)stmt_int(stmt, 0) : rc;
    stmt_reset(stmt);
    return found;
}

/* The columns are NOT NULL: store absent bytes as empty. */
static struct slice empty_if_absent(struct slice bytes)
{
    return bytes.ptr ? bytes : slice_of("", 0);
}

int reject_add(struct store *store, const struct reject *reject, int64_t run_id,
               struct error *err)
{
    struct slice raw = empty_if_absent(reject->raw);
    struct stmt *stmt = NULL;

    if (raw.len > REJECT_RAW_MAX_BYTES)
        raw.len = REJECT_RAW_MAX_BYTES;
    const struct hash hash = hash_bytes(raw);
    if (stmt_use(store, ADD_REJECT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_int(stmt, ":file_id", reject->file_id);
    stmt_bind_count(stmt, ":line", reject->line);
    stmt_bind_count(stmt, ":byte_offset", reject->byte_offset);
    stmt_bind_count(stmt, ":byte_len", reject->byte_len);
    stmt_bind_count(stmt, ":item", reject->item);
    stmt_bind_text(stmt, ":class", slice_text(reject->class));
    stmt_bind_text(stmt, ":detail", empty_if_absent(reject->detail));
    stmt_bind_blob(stmt, ":raw", raw.ptr, raw.len);
    stmt_bind_blob(stmt, ":hash", hash.bytes, sizeof hash.bytes);
    stmt_bind_count(stmt, ":n_rows", reject->n_rows > 0 ? reject->n_rows : 1);
    return stmt_run(stmt, err);
}

int reject_exists(struct store *store, int64_t file_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REJECT_EXISTS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":file_id", file_id);
    const int rc = stmt_next(stmt, err);
    stmt_reset(stmt);
    return rc;
}

int reject_close(struct store *store, const struct reject *record, uint64_t *n,
                 struct error *err)
{
    const struct slice raw = empty_if_absent(record->raw);
    struct stmt *stmt = NULL;

    if (stmt_use(store, CLOSE_REJECTS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":file_id", record->file_id);
    stmt_bind_count(stmt, ":byte_offset", record->byte_offset);
    stmt_bind_count(stmt, ":byte_len", record->byte_len);
    stmt_bind_blob(stmt, ":raw", raw.ptr, raw.len);
    if (stmt_run(stmt, err) < 0)
        return -1;
    *n += (uint64_t)db_changes(store);
    if (stmt_use(store, CLOSE_BAD_PAGE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":file_id", record->file_id);
    stmt_bind_count(stmt, ":line", record->line);
    if (stmt_run(stmt, err) < 0)
        return -1;
    *n += (uint64_t)db_changes(store);
    return 0;
}

int reject_remove(struct store *store, int64_t reject_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REMOVE_REJECT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":reject_id", reject_id);
    return stmt_run(stmt, err);
}

int reject_update(struct store *store, int64_t reject_id, const char *class,
                  struct slice detail, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, UPDATE_REJECT, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":class", slice_text(class));
    stmt_bind_text(stmt, ":detail", empty_if_absent(detail));
    stmt_bind_int(stmt, ":reject_id", reject_id);
    return stmt_run(stmt, err);
}

int reject_scan_open(struct store *store, const struct reject_filter *filter,
                     struct reject_scan **out, struct error *err)
{
    struct reject_scan *scan = malloc(sizeof *scan);

    if (!scan)
        return error_nomem(err);
    buf_init(&scan->class, CLASS_MAX_BYTES);
    if (stmt_open(store, SCAN_REJECTS, &scan->stmt, err) < 0) {
        free(scan);
        return -1;
    }
    stmt_bind_int(scan->stmt, ":after", filter->after_id);
    if (filter->class)
        stmt_bind_text(scan->stmt, ":class", slice_text(filter->class));
    stmt_bind_int(scan->stmt, ":limit", filter->limit > 0 ? filter->limit : -1);
    *out = scan;
    return 0;
}

int reject_scan_next(struct reject_scan *scan, struct reject_row *out, struct error *err)
{
    const struct stmt *row = scan->stmt;
    const int rc = stmt_next(scan->stmt, err);

    if (rc != 1)
        return rc;
    buf_clear(&scan->class);
    if (buf_add_slice(&scan->class, stmt_bytes(row, 7), err) < 0)
        return -1;
    *out = (struct reject_row){
        .reject_id = stmt_int(row, 10),
        .run_id = stmt_int(row, 0),
        .source = stmt_bytes(row, 1),
        .path = stmt_bytes(row, 2),
        .reject = {
            .file_id = stmt_int(row, 3),
            .line = (uint64_t)stmt_int(row, 4),
            .byte_offset = (uint64_t)stmt_int(row, 5),
            .byte_len = (uint64_t)stmt_int(row, 6),
            .class = scan->class.data,
            .detail = stmt_bytes(row, 8),
            .raw = stmt_bytes(row, 9),
            .item = (uint64_t)stmt_int(row, 11),
            .n_rows = (uint64_t)stmt_int(row, 12),
        },
    };
    return 1;
}

void reject_scan_close(struct reject_scan *scan)
{
    if (!scan)
        return;
    stmt_close(scan->stmt);
    buf_release(&scan->class);
    free(scan);
}
