/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_private.h - the schema of a database as content.c needs it: which columns are
 * content, and the SQL that gives them for every row of a table.
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
    const char *quoted;  /* as an SQL identifier, in double quotes */
    const char *refers;  /* the name of the table that the column refers to, or NULL */
    bool is_id;          /* the table's INTEGER PRIMARY KEY, and no reference */
    bool is_primary;     /* the first or only column of the primary key */
    bool is_natural_key; /* of the table's first UNIQUE constraint */
    bool left_out;
    struct content_column *next; /* of the same table, in order of the names */
};
struct content_table {
    const char *name;
    const char *quoted;
    bool left_out;
    bool has_natural_key;
    struct content_column *columns;
};
struct content_schema {
    struct arena arena;
    size_t n_tables;
    struct content_table tables[CONTENT_TABLES_MAX]; /* sorted by name */
};

void content_schema_init(struct content_schema *schema);
void content_schema_release(struct content_schema *schema);
int content_schema_read(struct content_schema *schema, struct store *store, struct error *err);
/* Append SELECT ... FROM table; each column of the answer has the name of the table's. */
int content_schema_rows(const struct content_schema *schema, size_t table, struct buf *out,
                        struct error *err);

#endif
