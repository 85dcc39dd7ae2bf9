/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_private.h - the only access to SQLite, for the files of store/ alone.
 *
 * Only db.c (connection, errors) and stmt.c (statements) include <sqlite3.h>. db_raise()
 * translates SQLite's result codes to ours (see store.h). Functions return 0, or -1 with err
 * set, unless the comment says otherwise.
 */
#ifndef CURATE_DB_PRIVATE_H
#define CURATE_DB_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "store/store.h"

struct error;
struct sqlite3;
struct sqlite3_stmt;

/* A power of two, well above the number of statements in the program. */
enum { STMT_CACHE_SLOTS = 128 };

/* The part of a statement that a user wrote, for messages. */
struct stmt_user {
    const char *prefix; /* starts messages, static: "condition: ", or "" */
    size_t start;
    size_t len;
};

/* With more parameters than this, SQLite looks up the index of a name each time. */
enum { STMT_NAMES_MAX = 20 };

/* Only stmt.c uses the members. */
struct stmt {
    struct store *store;
    struct sqlite3_stmt *handle;
    const char *key;       /* of a cached statement: the address of its text */
    struct stmt_user user; /* prefix is NULL if the program wrote the whole statement */
    int last_param;        /* index of the parameter that was bound last */
    const char *names[STMT_NAMES_MAX]; /* of the parameters, constants; NULL: not bound yet */
    int bind_rc;                       /* result code of the first bind that failed */
    bool ended;                        /* the last row was read; cleared by stmt_reset() */
};

/* Only db.c and stmt.c use the members. */
struct store {
    struct sqlite3 *db;
    char *path;
    struct buf text_copy;            /* result of db_copy_text() */
    const volatile int *stop_signal; /* see store_stop_on(); may be NULL */
    struct store_wait wait;          /* for other writers */
    int64_t wait_start_ns;           /* clock_mono_ns() when the current wait began */
    volatile int *user_sql_runs;     /* see store_note_user_sql(); may be NULL */
    uint64_t user_steps;             /* steps of the user's statement that was opened last */
    uint64_t max_user_steps;         /* see store_limit_steps() */
    bool user_sql;  /* a user's SQL is being prepared or run: the authorizer restricts it */
    bool stops_all; /* see db_stop_all() */
    struct store_migration migration; /* see store_migration() */
    struct stmt cache[STMT_CACHE_SLOTS];
};

enum db_access {
    DB_NORMAL,    /* read and write; read only if the file is write-protected */
    DB_IMMUTABLE, /* read without -wal and -shm files; nobody may write meanwhile */
};

/* Open an existing file and configure the connection. Does not read the file yet. */
int db_open(const char *path, enum db_access access, const struct store_wait *wait,
            struct store **out, struct error *err);
void db_close(struct store *store);
/* Set err from an SQLite result code. detail is SQLite's message; sql is the statement, or
 * NULL. Returns -1. */
int db_raise(const struct store *store, int rc, const char *detail, const char *sql,
             struct error *err);
const char *db_path(const struct store *store);

/* Run one or several constant statements that return no rows. */
int db_exec(struct store *store, const char *sql, struct error *err);
/* Run a query that returns one integer. */
int db_int(struct store *store, const char *sql, int64_t *out, struct error *err);
/* Number of rows that the last INSERT, UPDATE or DELETE changed. */
int64_t db_changes(const struct store *store);
int64_t db_last_id(const struct store *store);
bool db_in_transaction(const struct store *store);
bool db_writable(const struct store *store);
/* Permit statements to change sqlite_schema, for a migration; or forbid it again. */
int db_permit_schema_edits(struct store *store, bool on, struct error *err);
/* Let the stop signal end every statement, not only a user's. For connections that only read: a
 * view of an untrusted database may never end, and nothing is lost. */
void db_stop_all(struct store *store);
/* Copy text and end it with a NUL. *out is valid until the next call. */
int db_copy_text(struct store *store, struct slice text, const char **out, struct error *err);
/* True if err says that the -wal and -shm files could not be opened or created. */
bool db_lacks_files(const struct error *err);

/* Apply the migrations (schemas/NNNN_*.sql) from schema version `from` to store_version(). Each
 * one is a transaction that also sets the version. Safe if another process does the same at the
 * same time. */
int migrate_up(struct store *store, int64_t from, struct error *err);

/*
 * Get a statement from the cache, preparing it on the first use. It is reset, all parameters
 * are NULL, and the store owns it. sql must be a constant: the cache finds it by its address.
 * Call stmt_reset() if rows are left unread.
 */
int stmt_use(struct store *store, const char *sql, struct stmt **out, struct error *err);
/* Prepare a statement outside the cache. Close it with stmt_close(). */
int stmt_open(struct store *store, const char *sql, struct stmt **out, struct error *err);
/*
 * Prepare SQL that contains a part written by a user. The statement may only read: anything
 * else is ERR_USAGE, on preparing or on running. So are mistakes in the SQL.
 */
int stmt_open_user(struct store *store, const char *sql, const struct stmt_user *user,
                   struct stmt **out, struct error *err);
void stmt_close(struct stmt *stmt);
/* Finalize all statements of the cache. */
void stmt_cache_release(struct store *store);
void stmt_reset(struct stmt *stmt);

/*
 * Bind a parameter by name (":id"), a constant; fastest in the order of the SQL. Text and blobs
 * are borrowed until the statement is reset. The next stmt_next() reports a failed bind.
 */
void stmt_bind_int(struct stmt *stmt, const char *name, int64_t value);
/* Bind a count, size or offset. Above INT64_MAX: ERR_INPUT. */
void stmt_bind_count(struct stmt *stmt, const char *name, uint64_t value);
void stmt_bind_real(struct stmt *stmt, const char *name, double value);
/* ptr NULL binds NULL. All text of the database is valid UTF-8: other bytes, as of a file name,
 * are bound as \xff. */
void stmt_bind_text(struct stmt *stmt, const char *name, struct slice text);
void stmt_bind_blob(struct stmt *stmt, const char *name, const void *bytes, size_t n);

/* Bind parameter ?index, from 1: for statements of many parameters. */
void stmt_bind_null_at(struct stmt *stmt, int index);
void stmt_bind_int_at(struct stmt *stmt, int index, int64_t value);
void stmt_bind_real_at(struct stmt *stmt, int index, double value);
/* As stmt_bind_text(), of valid UTF-8. */
void stmt_bind_text_at(struct stmt *stmt, int index, struct slice text);

/* Step to the next row. Returns 1, 0 at the end, or -1; 0 and -1 reset the statement. */
int stmt_next(struct stmt *stmt, struct error *err);
/* Run a statement that returns no rows. */
int stmt_run(struct stmt *stmt, struct error *err);
/* Read the integer in the first column of the only row, and reset the statement. */
int stmt_get_int(struct stmt *stmt, int64_t *out, struct error *err);

/* Columns of the current row, from 0. Slices are valid until the next stmt_next() or reset. ptr
 * is NULL only if the value is NULL. */
enum stmt_type { STMT_NULL, STMT_INT, STMT_REAL, STMT_TEXT, STMT_BLOB };
size_t stmt_columns(const struct stmt *stmt);
const char *stmt_column_name(const struct stmt *stmt, size_t column);
enum stmt_type stmt_column_type(const struct stmt *stmt, size_t column);
int64_t stmt_int(const struct stmt *stmt, size_t column);
double stmt_real(const struct stmt *stmt, size_t column);
/* The bytes of a text or blob, without a final NUL. */
struct slice stmt_bytes(const struct stmt *stmt, size_t column);

/* Write the first column of all rows as "a, b, c", for messages. Names that do not fit into
 * size bytes are left out. */
int stmt_list(struct stmt *stmt, char *out, size_t size, struct error *err);

#endif
