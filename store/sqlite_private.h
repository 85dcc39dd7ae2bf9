/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_private.h - the one place where <sqlite3.h> comes in.
 *
 * For db.c and stmt.c, the gate to SQLite, and for nobody else: whatever other files of the
 * store need is a function of db_private.h.
 */
#ifndef CURATE_SQLITE_PRIVATE_H
#define CURATE_SQLITE_PRIVATE_H

#include <sqlite3.h>

#endif
