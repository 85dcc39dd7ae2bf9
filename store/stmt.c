/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/text/utf8.h"

/*
 * Values that a user's SQL reads or makes may have this many bytes: a function such as hex() is
 * one step, so its cost has no other limit. The longest record is as long by default.
 */
enum { USER_VALUE_MAX_BYTES = 256 << 20, VALUE_MAX_BYTES = 1000000000 };

/* Begin or end running SQL of a user in SQLite. Does nothing for statements of the program. */
static void set_user_sql(const struct stmt_user *user, struct store *store, bool on)
{
    if (!user->prefix)
        return;
    store->user_sql = on;
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, on ? USER_VALUE_MAX_BYTES : VALUE_MAX_BYTES);
    if (store->user_sql_runs)
        *store->user_sql_runs = on;
}

/* Report a mistake in a user's SQL and its position, counted in characters. */
static int raise_user_mistake(const struct stmt *stmt, int rc, const char *sql,
                              const char *detail, struct error *err)
{
    const struct stmt_user *user = &stmt->user;
    const int offset = sqlite3_error_offset(stmt->store->db);
    size_t n = 1;

    if (offset < 0 || (size_t)offset < user->start)
        return error_set_sys(err, ERR_USAGE, rc, "%s%s", user->prefix, detail);
    if ((size_t)offset >= user->start + user->len)
        return error_set_sys(err, ERR_USAGE, rc, "%sincomplete at the end", user->prefix);
    for (size_t i = user->start; i < (size_t)offset; i++)
        n += ((unsigned char)sql[i] & 0xc0) != 0x80; /* characters, not bytes */
    return error_set_sys(err, ERR_USAGE, rc, "%s%s, at character %zu", user->prefix, detail, n);
}

/* Report that a signal or the limit of steps stopped the statement. */
static int raise_interrupt(const struct stmt *stmt, int rc, struct error *err)
{
    const struct store *store = stmt->store;
    const int signal = store->stop_signal ? *store->stop_signal : 0;

    if (signal)
        return error_set_sys(err, ERR_CANCELLED, signal, "%sstopped by signal %d",
                             stmt->user.prefix, signal);
    return error_set_sys(err, ERR_USAGE, rc,
                         "%sstopped after %" PRIu64 " SQLite steps: it may never end",
                         stmt->user.prefix, store->max_user_steps);
}

static int raise_stmt(const struct stmt *stmt, int rc, const char *sql, struct error *err)
{
    const char *detail = stmt->bind_rc ? sqlite3_errstr(rc) : sqlite3_errmsg(stmt->store->db);

    if (!stmt->user.prefix)
        return db_raise(stmt->store, rc, detail, sql, err);
    switch (rc & 0xff) {
    case SQLITE_AUTH:
        return error_set_sys(err, ERR_USAGE, rc, "%sonly reading is allowed (%s)",
                             stmt->user.prefix, detail);
    case SQLITE_INTERRUPT:
        return raise_interrupt(stmt, rc, err);
    case SQLITE_TOOBIG:
        return error_set_sys(err, ERR_USAGE, rc, "%sa value is longer than %d bytes",
                             stmt->user.prefix, USER_VALUE_MAX_BYTES);
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return raise_user_mistake(stmt, rc, sql, detail, err);
    default:
        return db_raise(stmt->store, rc, detail, sql, err);
    }
}

static int stmt_prepare(struct stmt *stmt, const char *sql, unsigned flags, const char **tail,
                        struct error *err)
{
    struct store *store = stmt->store;

    set_user_sql(&stmt->user, store, true);
    const int rc = sqlite3_prepare_v3(store->db, sql, -1, flags, &stmt->handle, tail);
    set_user_sql(&stmt->user, store, false);
    if (rc != SQLITE_OK)
        return raise_stmt(stmt, rc, sql, err);
    return 0;
}

static struct stmt *find_cache_slot(struct store *store, const char *sql)
{
    const size_t start = ((uintptr_t)sql >> 3) * 31;

    for (size_t i = 0; i < STMT_CACHE_SLOTS; i++) {
        struct stmt *slot = &store->cache[(start + i) % STMT_CACHE_SLOTS];
        if (slot->key == sql || !slot->key)
            return slot;
    }
    return NULL;
}

int stmt_use(struct store *store, const char *sql, struct stmt **out, struct error *err)
{
    struct stmt *stmt = find_cache_slot(store, sql);

    if (!stmt)
        return error_set(err, ERR_INVARIANT, "more than %d cached statements",
                         STMT_CACHE_SLOTS);
    if (!stmt->handle) {
        stmt->store = store;
        if (stmt_prepare(stmt, sql, SQLITE_PREPARE_PERSISTENT, NULL, err) < 0)
            return -1;
        stmt->key = sql;
    }
    stmt_reset(stmt);
    sqlite3_clear_bindings(stmt->handle);
    *out = stmt;
    return 0;
}

static int stmt_open_uncached(struct store *store, const char *sql,
                              const struct stmt_user *user, const char **tail,
                              struct stmt **out, struct error *err)
{
    struct stmt *stmt = calloc(1, sizeof *stmt);

    if (!stmt)
        return error_nomem(err);
    stmt->store = store;
    stmt->user = *user;
    if (stmt_prepare(stmt, sql, 0, tail, err) < 0) {
        free(stmt);
        return -1;
    }
    *out = stmt;
    return 0;
}

int stmt_open(struct store *store, const char *sql, struct stmt **out, struct error *err)
{
    return stmt_open_uncached(store, sql, &(struct stmt_user){ 0 }, NULL, out, err);
}

/* True if only blanks, comments and semicolons are left. */
static bool has_no_statement(struct store *store, const struct stmt_user *user,
                             const char *tail)
{
    while (*tail) {
        sqlite3_stmt *more = NULL;

        set_user_sql(user, store, true);
        const int rc = sqlite3_prepare_v3(store->db, tail, -1, 0, &more, &tail);
        set_user_sql(user, store, false);
        sqlite3_finalize(more);
        if (rc != SQLITE_OK || more)
            return false;
    }
    return true;
}

int stmt_open_user(struct store *store, const char *sql, const struct stmt_user *user,
                   struct stmt **out, struct error *err)
{
    struct stmt *stmt = NULL;
    const char *tail = NULL;

    store->user_steps = 0;
    if (stmt_open_uncached(store, sql, user, &tail, &stmt, err) < 0)
        return -1;
    if (!stmt->handle) {
        error_set(err, ERR_USAGE, "%sno statement given", user->prefix);
    } else if (!sqlite3_stmt_readonly(stmt->handle)) {
        error_set(err, ERR_USAGE, "%sonly reading is allowed", user->prefix);
    } else if (!has_no_statement(store, user, tail)) {
        error_set(err, ERR_USAGE, "%stext after the first statement", user->prefix);
    } else {
        *out = stmt;
        return 0;
    }
    stmt_close(stmt);
    return -1;
}

void stmt_close(struct stmt *stmt)
{
    if (!stmt)
        return;
    sqlite3_finalize(stmt->handle);
    free(stmt);
}

void stmt_cache_release(struct store *store)
{
    for (size_t i = 0; i < STMT_CACHE_SLOTS; i++)
        sqlite3_finalize(store->cache[i].handle);
}

void stmt_reset(struct stmt *stmt)
{
    sqlite3_reset(stmt->handle);
    stmt->last_param = 0;
    stmt->bind_rc = SQLITE_OK;
    stmt->ended = false;
}

/* Find the index of a parameter. SQLite compares the name with those of all parameters, so try
 * those first that follow the last one, by the address under which they were bound before. */
static int find_param(struct stmt *stmt, const char *name)
{
    for (int i = stmt->last_param; i < STMT_NAMES_MAX; i++)
        if (stmt->names[i] == name)
            return stmt->last_param = i + 1;
    stmt->last_param = sqlite3_bind_parameter_index(stmt->handle, name);
    if (stmt->last_param > 0 && stmt->last_param <= STMT_NAMES_MAX)
        stmt->names[stmt->last_param - 1] = name;
    return stmt->last_param;
}

static void note_bind_result(struct stmt *stmt, int rc)
{
    if (stmt->bind_rc == SQLITE_OK)
        stmt->bind_rc = rc;
}

void stmt_bind_int(struct stmt *stmt, const char *name, int64_t value)
{
    note_bind_result(stmt, sqlite3_bind_int64(stmt->handle, find_param(stmt, name), value));
}

void stmt_bind_count(struct stmt *stmt, const char *name, uint64_t value)
{
    if (value > INT64_MAX)
        note_bind_result(stmt, SQLITE_TOOBIG);
    else
        stmt_bind_int(stmt, name, (int64_t)value);
}

void stmt_bind_real(struct stmt *stmt, const char *name, double value)
{
    note_bind_result(stmt, sqlite3_bind_double(stmt->handle, find_param(stmt, name), value));
}

static void bind_escaped(struct stmt *stmt, const char *name, struct slice text)
{
    struct error err;
    struct buf escaped;

    buf_init(&escaped, VALUE_MAX_BYTES);
    if (utf8_escape(text, false, &escaped, &err) < 0)
        note_bind_result(stmt, err.code == ERR_NOMEM ? SQLITE_NOMEM : SQLITE_TOOBIG);
    else
        note_bind_result(stmt,
                         sqlite3_bind_text64(stmt->handle, find_param(stmt, name), escaped.data,
                                             escaped.len, SQLITE_TRANSIENT, SQLITE_UTF8));
    buf_release(&escaped);
}

void stmt_bind_text(struct stmt *stmt, const char *name, struct slice text)
{
    if (utf8_bad_at(text) < text.len) {
        bind_escaped(stmt, name, text);
        return;
    }
    note_bind_result(stmt, sqlite3_bind_text64(stmt->handle, find_param(stmt, name), text.ptr,
                                               text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void stmt_bind_blob(struct stmt *stmt, const char *name, const void *bytes, size_t n)
{
    note_bind_result(stmt, sqlite3_bind_blob64(stmt->handle, find_param(stmt, name), bytes, n,
                                               SQLITE_STATIC));
}

void stmt_bind_null_at(struct stmt *stmt, int index)
{
    note_bind_result(stmt, sqlite3_bind_null(stmt->handle, index));
}

void stmt_bind_int_at(struct stmt *stmt, int index, int64_t value)
{
    note_bind_result(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void stmt_bind_real_at(struct stmt *stmt, int index, double value)
{
    note_bind_result(stmt, sqlite3_bind_double(stmt->handle, index, value));
}

void stmt_bind_text_at(struct stmt *stmt, int index, struct slice text)
{
    note_bind_result(stmt, sqlite3_bind_text64(stmt->handle, index, text.ptr, text.len,
                                               SQLITE_STATIC, SQLITE_UTF8));
}

int stmt_next(struct stmt *stmt, struct error *err)
{
    int rc = stmt->bind_rc;

    if (stmt->ended) /* SQLite would run it again */
        return 0;
    if (rc == SQLITE_OK) {
        set_user_sql(&stmt->user, stmt->store, true);
        rc = sqlite3_step(stmt->handle);
        set_user_sql(&stmt->user, stmt->store, false);
    }
    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        raise_stmt(stmt, rc, sqlite3_sql(stmt->handle), err);
    stmt_reset(stmt);
    stmt->ended = true;
    return rc == SQLITE_DONE ? 0 : -1;
}

int stmt_run(struct stmt *stmt, struct error *err)
{
    const int rc = stmt_next(stmt, err);

    if (rc == 1) {
        error_set(err, ERR_INVARIANT, "statement returns rows: %s", sqlite3_sql(stmt->handle));
        stmt_reset(stmt);
    }
    return rc == 0 ? 0 : -1;
}

int stmt_get_int(struct stmt *stmt, int64_t *out, struct error *err)
{
    const int rc = stmt_next(stmt, err);

    if (rc == 0)
        error_set(err, ERR_INVARIANT, "statement returns no row: %s",
                  sqlite3_sql(stmt->handle));
    if (rc != 1)
        return -1;
    *out = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return 0;
}

int db_int(struct store *store, const char *sql, int64_t *out, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_open(store, sql, &stmt, err) < 0)
        return -1;
    const int rc = stmt_get_int(stmt, out, err);
    stmt_close(stmt);
    return rc;
}

int stmt_list(struct stmt *stmt, char *out, size_t size, struct error *err)
{
    size_t used = 0;
    int rc;

    out[0] = '\0';
    while ((rc = stmt_next(stmt, err)) == 1) {
        const struct slice text = stmt_bytes(stmt, 0);
        const char *comma = used > 0 ? ", " : "";
        const size_t left = size - used;
        const int n = snprintf(out + used, left, "%s%.*s", comma,
                               (int)(text.len < left ? text.len : left), text.ptr);
        if (n < 0 || (size_t)n >= left) {
            out[used] = '\0';
            stmt_reset(stmt);
            return 0;
        }
        used += (size_t)n;
    }
    return rc;
}

size_t stmt_columns(const struct stmt *stmt)
{
    return (size_t)sqlite3_column_count(stmt->handle);
}

const char *stmt_column_name(const struct stmt *stmt, size_t column)
{
    const char *name = sqlite3_column_name(stmt->handle, (int)column);

    return name ? name : "";
}

enum stmt_type stmt_column_type(const struct stmt *stmt, size_t column)
{
    switch (sqlite3_column_type(stmt->handle, (int)column)) {
    case SQLITE_INTEGER:
        return STMT_INT;
    case SQLITE_FLOAT:
        return STMT_REAL;
    case SQLITE_TEXT:
        return STMT_TEXT;
    case SQLITE_BLOB:
        return STMT_BLOB;
    default:
        return STMT_NULL;
    }
}

int64_t stmt_int(const struct stmt *stmt, size_t column)
{
    return sqlite3_column_int64(stmt->handle, (int)column);
}

double stmt_real(const struct stmt *stmt, size_t column)
{
    return sqlite3_column_double(stmt->handle, (int)column);
}

/* Read text as a blob: sqlite3_column_text() may copy it to append a NUL, and returns NULL both
 * for NULL and when memory runs out. */
struct slice stmt_bytes(const struct stmt *stmt, size_t column)
{
    const void *bytes = sqlite3_column_blob(stmt->handle, (int)column);
    const size_t n = (size_t)sqlite3_column_bytes(stmt->handle, (int)column);

    /* SQLite returns NULL for empty values too. */
    if (!bytes && stmt_column_type(stmt, column) != STMT_NULL)
        return slice_of("", 0);
    return slice_of(bytes, n);
}
