/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_private.h - the schema of a database, for content.c: which columns are content, and
 * the SQL that reads them.
 */
#ifndef CURATE_CONTENT_PRIVATE_H
#define CURATE_CONTENT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct buf;
struct error;
struct store;

enum { CONTENT_TABLES_MAX = 128 };

struct content_column {
    const char *quoted;  /* the name as an SQL identifier, in double quotes */
    const char *refers;  /* name of the table that the column refers to, or NULL */
    bool is_id;          /* it is the table's INTEGER PRIMARY KEY and not a reference */
    bool is_primary;     /* it is the first or only column of the primary key */
    bool is_natural_key; /* it belongs to the table's first UNIQUE constraint */
    bool left_out;
    struct content_column *next; /* next column of the table, sorted by name */
};
struct content_table {
    const char *name;
    const char *quoted; /* the name as an SQL identifier, in double quotes */
    bool left_out;
    bool has_natural_key;
    struct content_column *columns;
};
struct content_schema {
    struct arena arena; /* holds the columns and all names */
    size_t n_tables;
    struct content_table tables[CONTENT_TABLES_MAX]; /* sorted by name */
};

void content_schema_init(struct content_schema *schema);
void content_schema_release(struct content_schema *schema);
/* Read the schema of the database. ERR_INPUT if it has too many tables. */
int content_schema_read(struct content_schema *schema, struct store *store, struct error *err);
/* Append the SELECT that reads the content of a table. Result columns have the names of the
 * table's columns. */
int content_schema_rows(const struct content_schema *schema, size_t table, struct buf *out,
                        struct error *err);

#endif
