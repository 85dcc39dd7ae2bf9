/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - the rows of one row group of a Parquet file as JSON, assembled from its columns.
 *
 * Each column has a cursor. A row is written by a walk over the plan. The first column below a
 * list says whether there is another element; all levels of all columns are checked on the way,
 * so columns that disagree are an error at the row where they do.
 */
#ifndef CURATE_PARQUET_ROWS_H
#define CURATE_PARQUET_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct parquet_file;
struct plan;
struct rows;

/* Bytes that are kept of a row that is too long. */
enum { ROWS_HEAD_BYTES = 4096 };

struct rows_text {
    struct slice text; /* valid until the next call */
    uint64_t byte_len; /* of the whole row. A single value longer than the limit counts without
                        * its escapes. */
    bool bad_json;     /* a value that should be JSON does not parse, and is a string */
};

/* Rows that are longer than max_row_bytes keep their first ROWS_HEAD_BYTES. File and plan must
 * outlive the rows. */
int rows_new(const struct parquet_file *file, const struct plan *plan, size_t max_row_bytes,
             struct rows **out, struct error *err);
void rows_free(struct rows *rows);
/* Go to the first row of a group. Returns 0, or -1 with err set as rows_next() does. */
int rows_open_group(struct rows *rows, size_t group, struct error *err);
/* Close the columns, which gives their memory back. */
void rows_close_group(struct rows *rows);
/* Get the next row. Returns 0, or -1 with err set: ERR_INPUT if a column is damaged, ends too
 * early or disagrees with the others, ERR_UNSUPPORTED, ERR_NOMEM, ERR_IO. The message names the
 * column, not the file. */
int rows_next(struct rows *rows, struct rows_text *out, struct error *err);
/* Check that no column has a value behind the last row. Returns 0, or -1 with err set. Does not
 * change the row that rows_next() returned. */
int rows_check_end(struct rows *rows, struct error *err);

#endif
