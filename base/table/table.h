/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - the rows of a file that stores columns (Parquet, Arrow), each row as one JSON
 * object.
 *
 * A table is read in the order of its rows. Rows lie in groups: a row group of Parquet, a
 * record batch of Arrow. Memory is bounded by max_bytes and does not grow with the file. The
 * file is not trusted.
 *
 * How a value becomes JSON is the same for all formats (base/table/cell.h). The members of the
 * object stand in the order of the columns. A null is written as null.
 *
 * To add a format: write a struct table_format, declare it at the end of this header, and put
 * it into the list of table.c.
 */
#ifndef CURATE_TABLE_H
#define CURATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct table;
struct text_list;

struct table_options {
    uint64_t max_bytes;   /* memory that the reader may use; 0: no limit */
    size_t max_row_bytes; /* a longer row is returned with TABLE_TOO_LONG; 0: no limit */
    /* The columns to read, by their names at the top; NULL or empty: all but those of images
     * and audio. A name that the file lacks is ERR_USAGE of table_open(), which lists those it
     * has. */
    const struct text_list *columns;
};

enum table_issue {
    TABLE_OK = 0,
    TABLE_BAD_PAGE, /* the rest of the group cannot be read: detail says why */
    TABLE_TOO_LONG, /* text is the first 4 KiB of the row */
    TABLE_TOO_DEEP, /* values are nested deeper than JSON_MAX_DEPTH; text is empty */
};

struct table_row {
    struct slice text;    /* the JSON object; valid until the next call */
    uint64_t byte_offset; /* of the first page or body of the group in the file */
    uint64_t byte_len;    /* of the whole JSON object, even if text is only its start */
    uint64_t row;         /* number of the row in the file, from 1 */
    uint64_t n_rows; /* 1; of TABLE_BAD_PAGE the rows of the group that are lost, from `row` */
    enum table_issue issue;
    bool bad_json; /* a value that the file says is JSON does not parse, and is a string */
    const char
        *detail; /* of an issue: "column messages.list.element.role, page at byte 4812: ..." */
};

/* Bytes at the start of a file that show its format. */
enum { TABLE_HEAD_BYTES = 8 };

/* Does a file with these first bytes hold a table? Needs TABLE_HEAD_BYTES. */
bool table_matches(struct slice head);
/* Open a table. fd is a file that can be read at any place; the table does not close it. name
 * is for messages. Returns 0, or -1 with err set: ERR_INPUT if the file is malformed,
 * ERR_UNSUPPORTED if it is valid but uses something that is not supported, which the message
 * names, ERR_USAGE for the columns, ERR_NOMEM. */
int table_open(int fd, const char *name, const struct table_options *options,
               struct table **out, struct error *err);
void table_close(struct table *table);
/* Get the next row. Returns 1, 0 at the end, or -1 with err set. A group that cannot be decoded
 * is no error: its lost rows are one row with TABLE_BAD_PAGE, and the next call returns the
 * first row of the next group. */
int table_next(struct table *table, struct table_row *out, struct error *err);
/* Continue behind a row: the next one is `row` + 1. Call it before the first table_next(), or
 * to jump forward. */
int table_resume(struct table *table, uint64_t row, struct error *err);
/* The number of the last row of the group that holds a row (from 1 to table_n_rows()), so that
 * groups can be read side by side, each by a table of its own that shares the file descriptor.
 * UINT64_MAX if it is not known. */
uint64_t table_group_end(const struct table *table, uint64_t row);
/* The number of rows as the file says; UINT64_MAX if it is not known before the end. */
uint64_t table_n_rows(const struct table *table);
/* The bytes of the file that were read so far, for progress. */
uint64_t table_position(const struct table *table);
/* Static text: "Parquet", "Arrow". */
const char *table_format_name(const struct table *table);
/* The columns that are passed over because they hold images or audio: "image, audio". Empty if
 * there are none. */
const char *table_passed_over(const struct table *table);

/* A format. The functions have the contracts of those above; state is what open() allocated.
 */
struct table_format {
    const char *name;
    bool (*matches)(struct slice head);
    int (*open)(int fd, const char *name, const struct table_options *options, void **state,
                struct error *err);
    void (*close)(void *state);
    int (*next)(void *state, struct table_row *out, struct error *err);
    int (*resume)(void *state, uint64_t row, struct error *err);
    uint64_t (*group_end)(const void *state, uint64_t row); /* NULL: never known */
    uint64_t (*n_rows)(const void *state);
    uint64_t (*position)(const void *state);
    const char *(*passed_over)(const void *state);
};

extern const struct table_format table_arrow;
extern const struct table_format table_parquet;

#endif
