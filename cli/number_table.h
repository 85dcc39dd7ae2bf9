/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number_table.h - a CSV file of numbers with names on top and at the left.
 */
#ifndef CURATE_NUMBER_TABLE_H
#define CURATE_NUMBER_TABLE_H

#include <stddef.h>

struct arena;
struct error;

struct number_table {
    const char **columns; /* without the first one, whose name does not count */
    size_t n_columns;
    const char **rows;
    size_t n_rows;
    double *values; /* n_rows x n_columns, finite */
};

/* Into the arena. ERR_INPUT, with the file's line, for rows of unequal length, names that are
 * empty or there twice, and what is no finite number; also without any row or column. */
int number_table_read(const char *path, struct arena *arena, struct number_table *out,
                      struct error *err);

#endif
