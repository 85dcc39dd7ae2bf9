/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_private.h - the gate to SQLite, for the files of store/ alone.
 *
 * db.c (the connection, errors) and stmt.c (statements) are the only code that includes
 * <sqlite3.h>: everything goes through the functions below, and SQLite's result codes become
 * ours in db_raise() and nowhere else (see store.h).
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

/* A power of two, well above the number of statements the program has. */
enum { STMT_CACHE_SLOTS = 128 };

/* Which part of a statement a user wrote, for messages. */
struct stmt_user {
    const char *prefix; /* static text in front of messages: "condition: ", or "" */
    size_t start;
    size_t len;
};

/* Members are for stmt.c alone. */
struct stmt {
    struct store *store;
    struct sqlite3_stmt *handle;
    const char *key;       /* of a cached statement: the address of its text */
    struct stmt_user user; /* of a user's statement; prefix is NULL for ours */
    int last_param;        /* the parameter bound last */
    int bind_rc;           /* the first failure among the binds */
    bool ended;            /* there are no more rows, until it is reset */
};

/* Members are for db.c and stmt.c alone. */
struct store {
    struct sqlite3 *db;
    char *path;
    struct buf kept;                 /* of db_keep() */
    const volatile int *stop_signal; /* of store_stop_on(); or NULL */
    uint64_t user_steps;             /* that the user's statement opened last has taken */
    uint64_t max_user_steps;         /* of store_limit_steps() */
    bool user_sql; /* SQL of a user is being prepared or run: the authorizer looks closely */
    struct stmt cache[STMT_CACHE_SLOTS];
};

enum db_access {
    DB_NORMAL,    /* for reading and writing, or reading where the file may not be written */
    DB_IMMUTABLE, /* for reading, without -wal and -shm files: nobody writes, we are told */
};

/* The connection, with its settings made. The file exists; it is not read yet. */
int db_open(const char *path, enum db_access access, struct store **out, struct error *err);
void db_close(struct store *store);
/* Raise what SQLite's rc means. detail is SQLite's sentence, sql what was asked or NULL. */
int db_raise(const struct store *store, int rc, const char *detail, const char *sql,
             struct error *err);
const char *db_path(const struct store *store);

/* Run SQL of ours that returns nothing: one statement or several. */
int db_exec(struct store *store, const char *sql, struct error *err);
/* The value of a query that gives one integer. */
int db_int(struct store *store, const char *sql, int64_t *out, struct error *err);
/* Of the last INSERT, UPDATE or DELETE. */
int64_t db_changes(const struct store *store);
int64_t db_last_id(const struct store *store);
bool db_in_transaction(const struct store *store);
bool db_writable(const struct store *store);
/* A copy of the text, NUL behind, until the next call. */
int db_keep(struct store *store, struct slice text, const char **out, struct error *err);
/* True when err says that the -wal and -shm files could not be opened or made. */
bool db_lacks_files(const struct error *err);

/*
 * A statement that is prepared once and kept as long as the store; *out comes back reset, all
 * parameters NULL, and is borrowed. sql must be a constant of the program: it is known again by
 * its address. Whoever steps it and leaves rows unread calls stmt_reset().
 */
int stmt_use(struct store *store, const char *sql, struct stmt **out, struct error *err);
/* A statement of the caller's own, closed with stmt_close(). */
int stmt_open(struct store *store, const char *sql, struct stmt **out, struct error *err);
/*
 * SQL with a part that a user wrote: whatever it asks for but reading is refused, when it is
 * prepared and while it runs. Mistakes in it are ERR_USAGE.
 */
int stmt_open_user(struct store *store, const char *sql, const struct stmt_user *user,
                   struct stmt **out, struct error *err);
void stmt_close(struct stmt *stmt);
/* Ends the statements of stmt_use(). */
void stmt_cache_release(struct store *store);
void stmt_reset(struct stmt *stmt);

/*
 * Parameters by name (":id"), cheapest in the order of the SQL. Text and blobs are borrowed
 * until the statement is reset. A failure is kept and comes out of the next stmt_next().
 */
void stmt_bind_int(struct stmt *stmt, const char *name, int64_t value);
/* A count, size or offset: above INT64_MAX it is ERR_INPUT. */
void stmt_bind_count(struct stmt *stmt, const char *name, uint64_t value);
void stmt_bind_real(struct stmt *stmt, const char *name, double value);
/* ptr NULL binds NULL. */
void stmt_bind_text(struct stmt *stmt, const char *name, struct slice text);
void stmt_bind_blob(struct stmt *stmt, const char *name, const void *bytes, size_t n);

/* 1 and a row, 0 at the end (the statement is reset then), -1 on failure (reset as well). */
int stmt_next(struct stmt *stmt, struct error *err);
/* Run to the end a statement that gives no rows. */
int stmt_run(struct stmt *stmt, struct error *err);
/* The integer in the first column of its one row; the statement is reset. */
int stmt_get_int(struct stmt *stmt, int64_t *out, struct error *err);

/* Columns of the row, from 0. Slices last until the next stmt_next() or reset; ptr is NULL for
 * NULL alone. */
enum stmt_type { STMT_NULL, STMT_INT, STMT_REAL, STMT_TEXT, STMT_BLOB };
size_t stmt_columns(const struct stmt *stmt);
const char *stmt_column_name(const struct stmt *stmt, size_t column);
enum stmt_type stmt_column_type(const struct stmt *stmt, size_t column);
int64_t stmt_int(const struct stmt *stmt, size_t column);
double stmt_real(const struct stmt *stmt, size_t column);
struct slice stmt_bytes(const struct stmt *stmt, size_t column); /* of text and blobs; no NUL */

/* The first column of all rows as "a, b, c", for messages; what does not fit is left out. */
int stmt_list(struct stmt *stmt, char *out, size_t size, struct error *err);

#endif
