/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the database file: open, close, transactions.
 *
 * One SQLite file in WAL mode, foreign keys on, marked with our application_id; user_version is
 * the number of migrations applied (schemas/). A store belongs to one thread. Only store/
 * includes <sqlite3.h>; nothing outside store/ holds SQL, except conditions users write
 * (selection.h, query.h).
 *
 * SQLite's word becomes an error code: busy or locked is ERR_BUSY; not a database, corrupt or
 * not ours is ERR_INPUT; of another schema version is ERR_UNSUPPORTED; full disk and failed I/O
 * are ERR_IO; cannot open is ERR_NOT_FOUND, ERR_CANTCREATE or ERR_DENIED; no memory is
 * ERR_NOMEM. A value that no column can hold is ERR_INPUT; a broken constraint is our mistake:
 * ERR_INVARIANT.
 */
#ifndef CURATE_STORE_H
#define CURATE_STORE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

enum store_mode {
    STORE_READ_ONLY,  /* must exist, at the current schema version */
    STORE_READ_WRITE, /* must exist; migrated up when older */
    STORE_CREATE,     /* made when it does not exist, otherwise as STORE_READ_WRITE */
};

enum { STORE_APPLICATION_ID = 0x43555254 }; /* "CURT" */

/* ":memory:" gives a private database in memory. */
int store_open(const char *path, enum store_mode mode, struct store **out, struct error *err);
void store_close(struct store *store);
/* From here on SQL that a user wrote, a query or a condition, is given up with ERR_CANCELLED
 * once *stop_signal is not 0; it can run for ever. What is ours is brief and is never cut
 * short. */
void store_stop_on(struct store *store, const volatile int *stop_signal);
/*
 * SQL that a user wrote is given up with ERR_USAGE after this many steps of SQLite's machine, 0
 * for never: nobody may be there to send a signal. It is STORE_USER_STEPS when a store is
 * opened, some minutes of work.
 */
#define STORE_USER_STEPS 10000000000
void store_limit_steps(struct store *store, uint64_t max_steps);
/* What the pages held in memory may take; 0 for the usual 64 MiB. */
int store_limit_cache(struct store *store, size_t max_bytes, struct error *err);
int store_version(void); /* of the schema this program writes */

/* BEGIN IMMEDIATE, waiting up to 5 s for another writer. Transactions do not nest. When
 * anything fails inside one, half of it may be done: roll it back. Rolling back none is
 * harmless. */
int store_begin(struct store *store, struct error *err);
int store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

#endif
