/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_table.h - read a CSV file of numbers with names of columns and rows.
 */
#ifndef CURATE_NUMBER_TABLE_H
#define CURATE_NUMBER_TABLE_H

#include <stddef.h>

struct arena;
struct error;

struct number_table {
    const char **columns; /* without the first column, which holds the names of rows */
    size_t n_columns;
    const char **rows;
    size_t n_rows;
    double *values; /* n_rows x n_columns, finite */
};

/* Read the file into the arena. ERR_INPUT, with the line, for rows of unequal length, empty or
 * repeated names, and values that are not finite numbers; also for a table without rows or
 * columns. */
int number_table_read(const char *path, struct arena *arena, struct number_table *out,
                      struct error *err);

#endif
