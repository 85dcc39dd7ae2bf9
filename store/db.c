/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/error.h"

enum {
    WAIT_POLL_MS = 20,
    STOP_EVERY_OPS = 10000,
    NAME_MAX_BYTES = 16 * 1024,
    COPY_MAX_BYTES = 1 << 20
};

/*
 * Result codes that have a cause outside the program. All others mean that a statement of the
 * program is wrong, except in a user's statement.
 */
static const struct {
    int rc;
    enum error_code code;
    const char *phrase;
} environment_errors[] = {
    { SQLITE_BUSY, ERR_BUSY, "the database is in use by another process: try again later" },
    { SQLITE_LOCKED, ERR_BUSY, "the database is already in use by this process" },
    { SQLITE_NOTADB, ERR_INPUT, "not a curate database: not an SQLite file" },
    { SQLITE_CORRUPT, ERR_INPUT,
      "the database is damaged: restore a copy, or create it again" },
    { SQLITE_FORMAT, ERR_INPUT, "the database is damaged: restore a copy, or create it again" },
    { SQLITE_FULL, ERR_IO, "the disk is full" },
    { SQLITE_READONLY, ERR_DENIED,
      "the database cannot be written: check the permissions of the file and its folder" },
    { SQLITE_PERM, ERR_DENIED, "no permission to open the database" },
    { SQLITE_TOOBIG, ERR_INPUT,
      "a value is too large for SQLite (limits: 10^9 bytes of text, integers below 2^63)" },
    { SQLITE_INTERRUPT, ERR_CANCELLED, "interrupted" },
};

/* The errno of the last failed call on the database file or its log. SQLite does not keep it
 * for the connection when a COMMIT fails. */
static int file_errno(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int sys = 0;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log && log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &sys);
    if (sys == 0)
        sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &sys);
    return sys;
}

/* Raise an error of the file system. errno says why. */
static int raise_file_error(const struct store *store, int rc, struct error *err)
{
    char reason[128];
    const int of_db = store->db ? sqlite3_system_errno(store->db) : 0;
    const int sys = of_db != 0 || !store->db ? of_db : file_errno(store->db);
    const bool opening = (rc & 0xff) == SQLITE_CANTOPEN;
    const bool denied = sys == EACCES || sys == EPERM || sys == EROFS;
    const char *why = sys ? strerror_r(sys, reason, sizeof reason) : sqlite3_errstr(rc);
    return error_set_sys(err, denied ? ERR_DENIED : ERR_IO, rc,
                         "%s: the database cannot be %s: %s", store->path,
                         opening ? "opened" : "read or written", why);
}

/*
 * True if SQLite's message says that the tables or their rows are not what the program creates.
 * The statements of the program fit its own schema, as the tests show.
 */
static bool is_foreign_schema(int primary, const char *detail)
{
    static const char *const phrases[] = {
        "no such ",
        "already exists",
        "duplicate column name",
        "has no column named",
        "malformed JSON",
        "because it is a view",
        "circularly defined",
        "integer overflow",
        "unsafe use of",
    };

    for (size_t i = 0; primary == SQLITE_ERROR && i < sizeof phrases / sizeof phrases[0]; i++)
        if (strstr(detail, phrases[i]))
            return true;
    return false;
}

int db_raise(const struct store *store, int rc, const char *detail, const char *sql,
             struct error *err)
{
    const int primary = rc & 0xff;

    if (primary == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM)
        return error_nomem(err);
    if (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR)
        return raise_file_error(store, rc, err);
    if (primary == SQLITE_BUSY && store->wait.stop_signal && *store->wait.stop_signal != 0)
        return error_set_sys(err, ERR_CANCELLED, *store->wait.stop_signal,
                             "%s: stopped while waiting for another process", store->path);
    for (size_t i = 0; i < sizeof environment_errors / sizeof environment_errors[0]; i++)
        if (environment_errors[i].rc == primary)
            return error_set_sys(err, environment_errors[i].code, rc, "%s: %s", store->path,
                                 environment_errors[i].phrase);
    if (is_foreign_schema(primary, detail))
        return error_set_sys(err, ERR_INPUT, rc,
                             "%s: its tables are not those of its schema version (%s): another "
                             "program changed them or user_version: restore a copy",
                             store->path, detail);
    if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
        rc == SQLITE_CONSTRAINT_ROWID) /* the program looks before it adds a row */
        return error_set_sys(err, ERR_INPUT, rc,
                             "%s: its rows contradict each other (%s): run 'curate fsck'",
                             store->path, detail);
    return error_set_sys(err, ERR_INVARIANT, rc, "%s: SQLite reports \"%s\" for: %s",
                         store->path, detail, sql ? sql : "the connection");
}

/* True if the pragma only reads. Pragmas of the second list only read if they have no value. */
static bool pragma_only_reads(const char *name, const char *value)
{
    static const char *const with_value[] = {
        "table_info",      "table_xinfo", "table_list",       "index_list",
        "index_info",      "index_xinfo", "foreign_key_list", "foreign_key_check",
        "integrity_check", "quick_check",
    };
    static const char *const alone[] = {
        "application_id", "collation_list", "compile_options", "database_list",
        "encoding",       "freelist_count", "function_list",   "journal_mode",
        "page_count",     "page_size",      "schema_version",  "user_version",
    };

    for (size_t i = 0; i < sizeof with_value / sizeof with_value[0]; i++)
        if (strcasecmp(name, with_value[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (strcasecmp(name, alone[i]) == 0)
            return value == NULL;
    return false;
}

/*
 * SQLite calls this for every action of every statement that it prepares. When a table-valued
 * function (json_each) is used for the first time, SQLite prepares an update of its own schema
 * table and discards it. Denying that update would fail the query, so it is ignored. A user's
 * update of that table fails all the same: stmt_open_user() only accepts statements that SQLite
 * calls read-only.
 */
static int db_authorize(void *arg, int action, const char *first, const char *second,
                        const char *schema, const char *view)
{
    const struct store *store = arg;
    bool allowed = false;

    (void)schema;
    (void)view;
    if (!store->user_sql || action == SQLITE_SELECT || action == SQLITE_READ ||
        action == SQLITE_RECURSIVE)
        allowed = true;
    else if (action == SQLITE_UPDATE && strcmp(first, "sqlite_master") == 0)
        return SQLITE_IGNORE;
    else if (action == SQLITE_FUNCTION)
        /* The latter returns an address of this process. */
        allowed = strcasecmp(second, "load_extension") != 0 &&
                  strcasecmp(second, "fts3_tokenizer") != 0;
    else if (action == SQLITE_PRAGMA)
        allowed = pragma_only_reads(first, second);
    return allowed ? SQLITE_OK : SQLITE_DENY;
}

/* SQLite calls this every STOP_EVERY_OPS steps of a statement. Nonzero stops the statement. */
static int db_check_stop(void *arg)
{
    struct store *store = arg;

    if (!store->user_sql && !store->stops_all)
        return 0;
    if (store->stop_signal && *store->stop_signal != 0)
        return 1;
    if (store->user_sql)
        store->user_steps += STOP_EVERY_OPS;
    return store->max_user_steps > 0 && store->user_steps > store->max_user_steps;
}

void db_stop_all(struct store *store)
{
    store->stops_all = true;
}

void store_stop_on(struct store *store, const volatile int *stop_signal)
{
    store->stop_signal = stop_signal;
}

void store_note_user_sql(struct store *store, volatile int *runs)
{
    store->user_sql_runs = runs;
}

void store_limit_steps(struct store *store, uint64_t max_steps)
{
    store->max_user_steps = max_steps;
}

/* Limit statements. The program's own are short; one that exceeds a limit is an attack or a
 * mistake. */
static void db_set_limits(struct store *store)
{
    static const struct {
        int name;
        int value;
    } limits[] = {
        { SQLITE_LIMIT_ATTACHED, 0 },
        { SQLITE_LIMIT_FUNCTION_ARG, 100 },
        { SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000 },
        { SQLITE_LIMIT_SQL_LENGTH, 2 << 20 },
        { SQLITE_LIMIT_TRIGGER_DEPTH, 10 },
        { SQLITE_LIMIT_WORKER_THREADS, 0 },
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        sqlite3_limit(store->db, limits[i].name, limits[i].value);
}

/* SQLite calls this while another process holds a lock that it needs; n_calls counts the calls
 * for one lock, from 0. Returns 0 to give up. */
static int db_wait(void *arg, int n_calls)
{
    const struct timespec pause = { .tv_nsec = WAIT_POLL_MS * 1000000L };
    struct store *store = arg;
    const int64_t now_ns = clock_mono_ns();

    if (n_calls == 0)
        store->wait_start_ns = now_ns;
    if (store->wait.stop_signal && *store->wait.stop_signal != 0)
        return 0;
    if (store->wait.ms >= 0 && (now_ns - store->wait_start_ns) / 1000000 >= store->wait.ms)
        return 0;
    (void)nanosleep(&pause, NULL);
    return 1;
}

/* Set what does not depend on the file. The database may come from an untrusted source, so its
 * schema may not call functions with side effects, and "x" is always a column, never text. */
static int db_configure(struct store *store, struct error *err)
{
    static const struct {
        int option;
        int value;
    } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
        { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
    };
    int rc = sqlite3_busy_handler(store->db, db_wait, store);

    for (size_t i = 0; rc == SQLITE_OK && i < sizeof options / sizeof options[0]; i++)
        rc = sqlite3_db_config(store->db, options[i].option, options[i].value, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_set_authorizer(store->db, db_authorize, store);
    db_set_limits(store);
    sqlite3_progress_handler(store->db, STOP_EVERY_OPS, db_check_stop, store);
    store->max_user_steps = STORE_USER_STEPS;
    if (rc != SQLITE_OK)
        return db_raise(store, rc, sqlite3_errstr(rc), NULL, err);
    return 0;
}

int db_permit_schema_edits(struct store *store, bool on, struct error *err)
{
    const int rc = sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, !on, NULL);

    return rc == SQLITE_OK ? 0 : db_raise(store, rc, sqlite3_errstr(rc), NULL, err);
}

/* Append the file name for sqlite3_open_v2(). DB_IMMUTABLE can only be requested in a URI. A
 * path that starts with "file:" would be read as a URI, so it gets "./" in front. */
static int add_sqlite_name(const char *path, enum db_access access, struct buf *out,
                           struct error *err)
{
    const bool absolute = path[0] == '/';

    if (access != DB_IMMUTABLE)
        return buf_printf(out, err, "%s%s", strncmp(path, "file:", 5) == 0 ? "./" : "", path);
    if (buf_add_text(out, absolute ? "file://" : "file:", err) < 0)
        return -1;
    for (const char *c = path; *c; c++)
        if (buf_printf(out, err, strchr("%?#", *c) ? "%%%02X" : "%c", *c) < 0)
            return -1;
    return buf_add_text(out, "?immutable=1", err);
}

static int db_connect(struct store *store, enum db_access access, struct error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    struct buf name;
    int rc = -1;

    if (access == DB_IMMUTABLE)
        flags |= SQLITE_OPEN_URI;
    buf_init(&name, NAME_MAX_BYTES);
    if (add_sqlite_name(store->path, access, &name, err) < 0)
        goto done;
    rc = sqlite3_open_v2(name.data, &store->db, flags, NULL);
    if (rc != SQLITE_OK)
        rc = db_raise(store, rc, sqlite3_errstr(rc), NULL, err);
done:
    buf_release(&name);
    return rc;
}

int db_open(const char *path, enum db_access access, const struct store_wait *wait,
            struct store **out, struct error *err)
{
    struct store *store = calloc(1, sizeof *store);
    int rc = -1;

    if (!store || !(store->path = strdup(path))) {
        error_nomem(err);
        goto done;
    }
    store->wait = *wait;
    if (db_connect(store, access, err) < 0 || db_configure(store, err) < 0)
        goto done;
    buf_init(&store->text_copy, COPY_MAX_BYTES);
    *out = store;
    store = NULL; /* the caller owns it */
    rc = 0;
done:
    db_close(store);
    return rc;
}

void db_close(struct store *store)
{
    if (!store)
        return;
    stmt_cache_release(store);
    /* sqlite3_close() would leak the connection if a statement is still open; the _v2 form
     * closes it with the last statement. */
    sqlite3_close_v2(store->db);
    buf_release(&store->text_copy);
    free(store->path);
    free(store);
}

const char *db_path(const struct store *store)
{
    return store->path;
}

int db_exec(struct store *store, const char *sql, struct error *err)
{
    const int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    if (rc != SQLITE_OK)
        return db_raise(store, rc, sqlite3_errmsg(store->db), sql, err);
    return 0;
}

int64_t db_changes(const struct store *store)
{
    return sqlite3_changes64(store->db);
}

int64_t db_last_id(const struct store *store)
{
    return sqlite3_last_insert_rowid(store->db);
}

bool db_in_transaction(const struct store *store)
{
    return !sqlite3_get_autocommit(store->db);
}

bool db_lacks_files(const struct error *err)
{
    const int primary = err->sys & 0xff;

    return primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY;
}

bool db_writable(const struct store *store)
{
    return sqlite3_db_readonly(store->db, "main") == 0;
}

int db_copy_text(struct store *store, struct slice text, const char **out, struct error *err)
{
    buf_clear(&store->text_copy);
    if (buf_add_slice(&store->text_copy, text, err) < 0)
        return -1;
    *out = store->text_copy.data;
    return 0;
}
