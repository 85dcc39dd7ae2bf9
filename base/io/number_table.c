/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/number_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/csvin.h"
#include "base/io/file.h"

enum { FILE_MAX_BYTES = 64 << 20 };

static const char *copy_cell(struct arena *arena, struct slice text, struct error *err)
{
    const char *copy = arena_copy(arena, text).ptr;

    if (!copy)
        error_nomem(err);
    return copy;
}

/* Append a name. ERR_INPUT for a name that is empty, has a NUL or is in the list already. */
static int add_name(const char **names, size_t *n, struct slice text, uint64_t line,
                    struct arena *arena, struct error *err)
{
    if (text.len == 0 || memchr(text.ptr, '\0', text.len))
        return error_set(err, ERR_INPUT, "line %" PRIu64 ": a name is empty or contains a NUL",
                         line);
    const char *name = copy_cell(arena, text, err);
    if (!name)
        return -1;
    for (size_t i = 0; i < *n; i++)
        if (strcmp(names[i], name) == 0)
            return error_set(err, ERR_INPUT, "line %" PRIu64 ": the name '%s' is given twice",
                             line, name);
    names[(*n)++] = name;
    return 0;
}

static int read_number(struct slice text, const char *row, const char *column, uint64_t line,
                       struct arena *arena, double *out, struct error *err)
{
    const char *number = copy_cell(arena, text, err);
    char *end;

    if (!number)
        return -1;
    *out = strtod(number, &end);
    if (end == number || *end || end != number + text.len || !isfinite(*out))
        return error_set(err, ERR_INPUT,
                         "line %" PRIu64 ": '%s' of '%s' is '%s': must be a number", line,
                         column, row, number);
    return 0;
}

/* Read the next row. 1 and the row; 0: more input is needed, or the end; -1: a malformed row.
 */
static int next_table_row(struct csv *csv, struct csv_row *row, struct error *err)
{
    const int rc = csv_next(csv, row, err);

    if (rc == 1 && row->issue)
        return error_set(err, ERR_INPUT, "line %" PRIu64 ": %s", row->line, row->issue);
    return rc;
}

static int read_column_names(struct csv *csv, struct arena *arena, struct number_table *out,
                             struct error *err)
{
    struct csv_row row = { .n_fields = 0 };

    if (next_table_row(csv, &row, err) < 0)
        return -1;
    if (row.n_fields < 2)
        return error_set(err, ERR_INPUT,
                         "no column of numbers: the first line must name at least one");
    out->columns = arena_alloc(arena, row.n_fields, sizeof *out->columns);
    if (!out->columns)
        return error_nomem(err);
    for (size_t i = 1; i < row.n_fields; i++)
        if (add_name(out->columns, &out->n_columns, row.fields[i], row.line, arena, err) < 0)
            return -1;
    return 0;
}

static int read_row(const struct csv_row *row, struct arena *arena, struct number_table *out,
                    struct error *err)
{
    double *values = out->values + out->n_rows * out->n_columns;

    if (row->n_fields != out->n_columns + 1)
        return error_set(err, ERR_INPUT,
                         "line %" PRIu64 ": %zu fields, but the first line has %zu", row->line,
                         row->n_fields, out->n_columns + 1);
    if (add_name(out->rows, &out->n_rows, row->fields[0], row->line, arena, err) < 0)
        return -1;
    for (size_t i = 0; i < out->n_columns; i++)
        if (read_number(row->fields[i + 1], out->rows[out->n_rows - 1], out->columns[i],
                        row->line, arena, &values[i], err) < 0)
            return -1;
    return 0;
}

/* Allocate for the largest possible table: each row ends a line, each number follows a comma.
 */
static int allocate_table(struct slice text, struct arena *arena, struct number_table *out,
                          struct error *err)
{
    size_t n_lines = 1, n_commas = 0;

    for (size_t i = 0; i < text.len; i++) {
        n_lines += text.ptr[i] == '\n' || text.ptr[i] == '\r';
        n_commas += text.ptr[i] == ',';
    }
    out->rows = arena_alloc(arena, n_lines, sizeof *out->rows);
    out->values = arena_alloc(arena, n_commas + 1, sizeof *out->values);
    return out->rows && out->values ? 0 : error_nomem(err);
}

static int read_table(struct slice text, struct csv *csv, struct arena *arena,
                      struct number_table *out, struct error *err)
{
    struct csv_row row;
    int rc;

    csv_feed(csv, text.ptr, text.len);
    if (read_column_names(csv, arena, out, err) < 0 ||
        allocate_table(text, arena, out, err) < 0)
        return -1;
    while ((rc = next_table_row(csv, &row, err)) == 1)
        if (read_row(&row, arena, out, err) < 0)
            return -1;
    if (rc == 0)
        csv_finish(csv);
    while (rc == 0 && (rc = next_table_row(csv, &row, err)) == 1)
        rc = read_row(&row, arena, out, err);
    if (rc == 0 && out->n_rows == 0)
        return error_set(err, ERR_INPUT, "no row below the column names");
    return rc;
}

int number_table_read(const char *path, struct arena *arena, struct number_table *out,
                      struct error *err)
{
    struct csv *csv = NULL;
    struct buf text;
    int rc = -1;

    *out = (struct number_table){ .n_rows = 0 };
    buf_init(&text, FILE_MAX_BYTES);
    if (file_read(path, &text, err) < 0 || csv_reader_new(FILE_MAX_BYTES, &csv, err) < 0)
        goto done;
    rc = read_table(buf_slice(&text), csv, arena, out, err);
    if (rc < 0)
        error_prefix(err, "%s", path);
done:
    csv_reader_free(csv);
    buf_release(&text);
    return rc;
}
