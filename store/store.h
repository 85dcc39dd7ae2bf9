/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the database file: open, close, transactions.
 *
 * The database is one SQLite file in WAL mode with foreign keys on. It is marked with our
 * application_id; user_version is the number of migrations applied (schemas/). A store belongs
 * to one thread. Only store/ includes <sqlite3.h> and contains SQL, except the conditions that
 * users write (selection.h, query.h).
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise. SQLite's result
 * codes become these error codes:
 *   busy, locked                        ERR_BUSY
 *   not a database, corrupt, not ours   ERR_INPUT
 *   another schema version              ERR_UNSUPPORTED
 *   disk full, I/O failure              ERR_IO
 *   cannot open                         ERR_NOT_FOUND, ERR_CANTCREATE or ERR_DENIED
 *   out of memory                       ERR_NOMEM
 *   value too large for a column        ERR_INPUT
 *   tables or rows that another program
 *   changed, so that a statement fails  ERR_INPUT
 *   another broken constraint           ERR_INVARIANT: a bug in the program
 */
#ifndef CURATE_STORE_H
#define CURATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

enum store_mode {
    STORE_READ_ONLY,  /* must exist with the current schema version */
    STORE_READ_WRITE, /* must exist; migrates an older schema */
    STORE_CREATE,     /* creates the file if it is missing, otherwise as STORE_READ_WRITE */
};

enum { STORE_APPLICATION_ID = 0x43555254 }; /* "CURT" */

/* Open a database. The path ":memory:" gives a private database in memory.
 * A file with several hard links is only opened for reading: each name has a log of its own. */
int store_open(const char *path, enum store_mode mode, struct store **out, struct error *err);
/* How long to wait for another program that writes to the database. */
struct store_wait {
    int64_t ms;                      /* -1: for ever */
    const volatile int *stop_signal; /* NULL, or not 0 to end the wait with ERR_CANCELLED */
};
/* The same with another wait than 5 s, for opening and for all transactions. */
int store_open_wait(const char *path, enum store_mode mode, const struct store_wait *wait,
                    struct store **out, struct error *err);
void store_close(struct store *store);
/* Stop a user's query or condition with ERR_CANCELLED once *stop_signal is not 0: it may run
 * for ever. With STORE_READ_ONLY, stop the program's own statements too. */
void store_stop_on(struct store *store, const volatile int *stop_signal);
/* Set *runs to 1 while SQLite runs a user's SQL, else to 0. For a signal handler: a function
 * such as instr() is one step, which only the end of the process can stop. runs may be NULL. */
void store_note_user_sql(struct store *store, volatile int *runs);
/*
 * Stop a user's query or condition with ERR_USAGE after this many steps of SQLite's virtual
 * machine; 0: never. Needed where nobody can send a signal. The default, STORE_USER_STEPS,
 * takes some minutes.
 */
#define STORE_USER_STEPS 10000000000
void store_limit_steps(struct store *store, uint64_t max_steps);
/* Limit the memory of SQLite's page cache; 0 restores the default of 64 MiB. */
int store_limit_cache(struct store *store, size_t max_bytes, struct error *err);
/* The schema version that this program writes. */
int store_version(void);
/* What opening the database did to its samples, because an earlier release wrote them. All 0 if
 * it did nothing. The view v_migrated lists these samples. */
struct store_migration {
    uint64_t n_rewritten; /* tools, calls or thoughts have a new place */
    uint64_t n_rehashed;  /* only the content hash is new */
    uint64_t n_merged;    /* became equal to another sample */
    uint64_t n_damaged;   /* left as they are: their content does not match their hash */
};
const struct store_migration *store_migration(const struct store *store);

/* Sync each later commit to the disk, together with all earlier ones, so that it survives a
 * power cut; or leave that to the checkpoint again, the default. Not inside a transaction. */
int store_sync_commits(struct store *store, bool on, struct error *err);

/* Begin a transaction, waiting for another writer. Transactions do not nest. If a
 * function fails inside a transaction, part of its work may be done: roll back. */
int store_begin(struct store *store, struct error *err);
int store_commit(struct store *store, struct error *err);
/* Does nothing outside a transaction. */
void store_rollback(struct store *store);

#endif
