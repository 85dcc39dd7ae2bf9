/* SPDX-License-Identifier: Apache-2.0 */
#include "store/position.h"

#include <stdio.h>
#include <string.h>

#include "store/db_private.h"

#define OF_FILE                                                                                \
    " WHERE file_id = (SELECT f.file_id FROM file f JOIN source o ON o.source_id = "           \
    "f.source_id WHERE o.name = :source AND f.path = :path)"

static const char FIND[] =
    "SELECT settings, size_bytes, mtime_ns, inode, done, n_read, n_rejected, format,"
    " byte_offset, line, line_at, rescanned, flags, member_at, member_before, ctime_ns"
    " FROM ingest_position" OF_FILE
    " AND run_id NOT IN (SELECT run_id FROM run WHERE status = 'ok')";

static const char CLAIM[] = "UPDATE ingest_position SET run_id = :run_id" OF_FILE;

static const char PUT[] =
    "INSERT OR REPLACE INTO ingest_position (file_id, run_id, settings, size_bytes, mtime_ns,"
    " inode, done, n_read, n_rejected, format, byte_offset, line, line_at, rescanned, flags,"
    " member_at, member_before, ctime_ns)"
    " VALUES (:file_id, :run_id, :settings, :size_bytes, :mtime_ns, :inode, :done, :n_read,"
    " :n_rejected, :format, :byte_offset, :line, :line_at, :rescanned, :flags, :member_at,"
    " :member_before, :ctime_ns)";

static const char REMOVE[] = "DELETE FROM ingest_position WHERE file_id = :file_id";

static const char CLEAR[] = "DELETE FROM ingest_position WHERE run_id = :run_id";

static const char SWEEP[] = "DELETE FROM ingest_position"
                            " WHERE run_id IN (SELECT run_id FROM run WHERE status = 'ok')";

static void bind_file_name(struct stmt *stmt, const char *source, const char *path)
{
    stmt_bind_text(stmt, ":source", slice_text(source));
    stmt_bind_text(stmt, ":path", slice_text(path));
}

static uint64_t read_count(const struct stmt *stmt, size_t column)
{
    return (uint64_t)stmt_int(stmt, column);
}

static void read_position(const struct stmt *row, struct position *out)
{
    const struct slice settings = stmt_bytes(row, 0);
    const struct slice format = stmt_bytes(row, 7);

    *out = (struct position){
        .stamp = { .size_bytes = stmt_int(row, 1),
                   .mtime_ns = stmt_int(row, 2),
                   .ctime_ns = stmt_int(row, 15),
                   .inode = stmt_int(row, 3) },
        .done = stmt_int(row, 4) != 0,
        .n_read = read_count(row, 5),
        .n_rejected = read_count(row, 6),
        .place = { read_count(row, 8), read_count(row, 9), read_count(row, 10),
                   read_count(row, 11), (unsigned)stmt_int(row, 12) },
        .mark = { read_count(row, 13), read_count(row, 14) },
    };
    if (settings.len == sizeof out->settings.bytes)
        memcpy(out->settings.bytes, settings.ptr, settings.len);
    snprintf(out->format, sizeof out->format, "%.*s", (int)format.len,
             format.ptr ? format.ptr : "");
}

int position_claim(struct store *store, const char *source, const char *path, int64_t run_id,
                   struct position *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND, &stmt, err) < 0)
        return -1;
    bind_file_name(stmt, source, path);
    const int rc = stmt_next(stmt, err);
    if (rc != 1)
        return rc;
    read_position(stmt, out);
    stmt_reset(stmt);
    if (stmt_use(store, CLAIM, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    bind_file_name(stmt, source, path);
    return stmt_run(stmt, err) < 0 ? -1 : 1;
}

int position_put(struct store *store, int64_t file_id, const struct position *position,
                 int64_t run_id, struct error *err)
{
    const struct frame_place *place = &position->place;
    const bool has_format = position->format[0] != '\0';
    struct stmt *stmt = NULL;

    if (stmt_use(store, PUT, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":file_id", file_id);
    stmt_bind_int(stmt, ":run_id", run_id);
    stmt_bind_blob(stmt, ":settings", position->settings.bytes,
                   sizeof position->settings.bytes);
    stmt_bind_int(stmt, ":size_bytes", position->stamp.size_bytes);
    stmt_bind_int(stmt, ":mtime_ns", position->stamp.mtime_ns);
    stmt_bind_int(stmt, ":ctime_ns", position->stamp.ctime_ns);
    stmt_bind_int(stmt, ":inode", position->stamp.inode);
    stmt_bind_int(stmt, ":done", position->done);
    stmt_bind_count(stmt, ":n_read", position->n_read);
    stmt_bind_count(stmt, ":n_rejected", position->n_rejected);
    stmt_bind_text(stmt, ":format",
                   has_format ? slice_text(position->format) : slice_of(NULL, 0));
    stmt_bind_count(stmt, ":byte_offset", place->byte_offset);
    stmt_bind_count(stmt, ":line", place->line);
    stmt_bind_count(stmt, ":line_at", place->line_at);
    stmt_bind_count(stmt, ":rescanned", place->rescanned);
    stmt_bind_count(stmt, ":flags", place->flags);
    stmt_bind_count(stmt, ":member_at", position->mark.file_offset);
    stmt_bind_count(stmt, ":member_before", position->mark.stream_offset);
    return stmt_run(stmt, err);
}

int position_remove(struct store *store, int64_t file_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, REMOVE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":file_id", file_id);
    return stmt_run(stmt, err);
}

int position_clear(struct store *store, int64_t run_id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, CLEAR, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":run_id", run_id);
    return stmt_run(stmt, err);
}

int position_sweep(struct store *store, struct error *err)
{
    return db_exec(store, SWEEP, err);
}
