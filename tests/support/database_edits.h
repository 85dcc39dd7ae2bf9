/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database_edits.h - edits to a database that another program could make.
 *
 * An edit has four bytes: what to do, where (two bytes), and with which value. EDIT_BYTE
 * changes a byte of the file. SQLite does the others, without its checks: they change a value,
 * delete a row, drop a table or view, set user_version, or remove STRICT from the schema, so
 * that every column may hold every type.
 */
#ifndef CURATE_TEST_DATABASE_EDITS_H
#define CURATE_TEST_DATABASE_EDITS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

enum { EDIT_BYTES = 4 };

/* Write the database to path, with n edits. What fails is left out; an error of the file system
 * ends the process. */
void database_edit(const struct buf *database, const uint8_t *edits, size_t n,
                   const char *path);

#endif
