/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the database file: open, close, transactions.
 *
 * One SQLite file in WAL mode, foreign keys on, marked with our application_id; user_version is
 * the number of migrations applied (schemas/). A store belongs to one thread. Only store/
 * includes <sqlite3.h>; nothing outside store/ holds SQL, except conditions users write
 * (condition.h).
 *
 * SQLite's word becomes an error code: busy or locked is ERR_BUSY; not a database, corrupt or
 * not ours is ERR_INPUT; full disk and failed I/O are ERR_IO; cannot open is ERR_NOT_FOUND,
 * ERR_CANTCREATE or ERR_DENIED; no memory is ERR_NOMEM.
 */
#ifndef CURATE_STORE_H
#define CURATE_STORE_H

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
int store_version(void); /* of the schema this program writes */

/* BEGIN IMMEDIATE. Transactions do not nest. */
int store_begin(struct store *store, struct error *err);
int store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

#endif
