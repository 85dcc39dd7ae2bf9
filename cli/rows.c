/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rows.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "store/query.h"

enum {
    CELL_MAX_CHARS = 60,     /* of a cell of a table */
    TABLE_WIDTH_ROWS = 1000, /* the widths of columns follow from the first rows */
    LINE_MAX_BYTES = 1 << 30,
};

/* Append a value as CSV and tables show it. Blobs are hexadecimal. */
static int value_text(struct query_value value, struct buf *out, struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    struct jsonout number;

    switch (value.type) {
    case QUERY_NULL:
        return 0;
    case QUERY_INT:
        return buf_printf(out, err, "%lld", (long long)value.integer);
    case QUERY_REAL:
        jsonout_init(&number, out);
        jsonout_double(&number, value.real);
        return jsonout_end(&number, err);
    case QUERY_TEXT:
        return buf_add_slice(out, value.bytes, err);
    case QUERY_BLOB:
        for (size_t i = 0; i < value.bytes.len; i++) {
            const unsigned char byte = (unsigned char)value.bytes.ptr[i];
            const char hex[2] = { digits[byte >> 4], digits[byte & 15] };
            if (buf_add(out, hex, sizeof hex, err) < 0)
                return -1;
        }
        return 0;
    }
    return 0;
}

static int print_buf(const struct buf *line, struct error *err)
{
    if (line->len > 0 && fwrite(line->data, 1, line->len, stdout) != line->len)
        return error_set(err, ERR_IO, "standard output: cannot be written");
    return 0;
}

static int add_csv_field(struct slice text, struct buf *line, struct error *err)
{
    bool quote = false;

    for (size_t i = 0; i < text.len && !quote; i++)
        quote = text.ptr[i] == '"' || text.ptr[i] == ',' || text.ptr[i] == '\n' ||
                text.ptr[i] == '\r';
    if (!quote)
        return buf_add_slice(line, text, err);
    if (buf_add_text(line, "\"", err) < 0)
        return -1;
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] == '"' && buf_add_text(line, "\"", err) < 0) ||
            buf_add(line, text.ptr + i, 1, err) < 0)
            return -1;
    return buf_add_text(line, "\"", err);
}

static int print_csv_row(struct query *query, struct buf *line, struct buf *cell, bool header,
                         struct error *err)
{
    buf_clear(line);
    for (size_t c = 0; c < query_columns(query); c++) {
        buf_clear(cell);
        if (header ? buf_add_text(cell, query_column_name(query, c), err) < 0
                   : value_text(query_value(query, c), cell, err) < 0)
            return -1;
        if ((c > 0 && buf_add_text(line, ",", err) < 0) ||
            add_csv_field(buf_slice(cell), line, err) < 0)
            return -1;
    }
    return buf_add_text(line, "\n", err) < 0 ? -1 : print_buf(line, err);
}

static int print_csv(struct query *query, struct buf *line, struct buf *cell, struct error *err)
{
    int rc = print_csv_row(query, line, cell, true, err);

    while (rc >= 0 && (rc = query_next(query, err)) == 1)
        rc = print_csv_row(query, line, cell, false, err);
    return rc;
}

static int print_json_row(struct query *query, struct buf *line, struct buf *cell,
                          struct error *err)
{
    struct jsonout json;

    buf_clear(line);
    jsonout_init(&json, line);
    jsonout_object_begin(&json);
    for (size_t c = 0; c < query_columns(query); c++) {
        const struct query_value value = query_value(query, c);

        jsonout_key(&json, query_column_name(query, c));
        if (value.type == QUERY_NULL)
            jsonout_null(&json);
        else if (value.type == QUERY_INT)
            jsonout_int(&json, value.integer);
        else if (value.type == QUERY_REAL)
            jsonout_double(&json, value.real);
        else {
            buf_clear(cell);
            if (value_text(value, cell, err) < 0)
                return -1;
            jsonout_text(&json, buf_slice(cell));
        }
    }
    jsonout_object_end(&json);
    if (jsonout_end(&json, err) < 0 || buf_add_text(line, "\n", err) < 0)
        return -1;
    return print_buf(line, err);
}

static size_t count_chars(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* The cells of a table's first rows, collected until the widths of columns are known. */
struct table {
    size_t n_columns;
    size_t *widths;
    bool *numeric;
    char **cells; /* n_rows * n_columns */
    size_t n_rows;
};

static int table_add(struct table *table, struct query *query, struct buf *cell,
                     struct buf *shown, struct error *err)
{
    const size_t n = (table->n_rows + 1) * table->n_columns;
    char **cells = realloc(table->cells, n * sizeof *cells);

    if (!cells)
        return error_nomem(err);
    table->cells = cells;
    memset(cells + table->n_rows * table->n_columns, 0, table->n_columns * sizeof *cells);
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct query_value value = query_value(query, c);
        buf_clear(cell);
        buf_clear(shown);
        if (value_text(value, cell, err) < 0 ||
            escape_add_line(shown, buf_slice(cell), CELL_MAX_CHARS, err) < 0)
            return -1;
        char *copy = strdup(shown->data ? shown->data : "");
        if (!copy) {
            table->n_rows++;
            return error_nomem(err);
        }
        cells[table->n_rows * table->n_columns + c] = copy;
        const size_t width = count_chars(copy);
        if (width > table->widths[c])
            table->widths[c] = width;
        table->numeric[c] &= value.type != QUERY_TEXT && value.type != QUERY_BLOB;
    }
    table->n_rows++;
    return 0;
}

static void print_cell(const struct table *table, size_t c, const char *text)
{
    const size_t width = count_chars(text);
    const int pad = (int)(table->widths[c] > width ? table->widths[c] - width : 0);
    const bool last = c + 1 == table->n_columns;

    if (table->numeric[c])
        printf("%*s%s", pad, "", text);
    else
        printf("%s%*s", text, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

static void table_flush(struct table *table)
{
    for (size_t i = 0; i < table->n_rows * table->n_columns; i++) {
        if (table->cells[i])
            print_cell(table, i % table->n_columns, table->cells[i]);
        free(table->cells[i]);
    }
    free(table->cells);
    table->cells = NULL;
    table->n_rows = 0;
}

static void print_table_header(const struct table *table, const struct query *query)
{
    for (size_t c = 0; c < table->n_columns; c++)
        print_cell(table, c, query_column_name(query, c));
    for (size_t c = 0; c < table->n_columns; c++) {
        for (size_t i = 0; i < table->widths[c]; i++)
            putchar('-');
        fputs(c + 1 == table->n_columns ? "\n" : "  ", stdout);
    }
}

static int fill_table(struct table *table, struct query *query, struct buf *cell,
                      struct buf *shown, struct error *err)
{
    bool header_done = false;
    int rc;

    while ((rc = query_next(query, err)) == 1) {
        if ((rc = table_add(table, query, cell, shown, err)) < 0)
            return rc;
        if (table->n_rows < TABLE_WIDTH_ROWS && !header_done)
            continue;
        if (!header_done)
            print_table_header(table, query);
        header_done = true;
        table_flush(table);
    }
    if (rc == 0 && !header_done)
        print_table_header(table, query);
    if (rc == 0)
        table_flush(table);
    return rc;
}

static int print_query_table(struct query *query, struct buf *cell, struct buf *shown,
                             struct error *err)
{
    struct table table = { .n_columns = query_columns(query) };
    int rc = -1;

    table.widths = calloc(table.n_columns + 1, sizeof *table.widths);
    table.numeric = calloc(table.n_columns + 1, sizeof *table.numeric);
    if (!table.widths || !table.numeric) {
        error_nomem(err);
        goto done;
    }
    for (size_t c = 0; c < table.n_columns; c++) {
        table.widths[c] = count_chars(query_column_name(query, c));
        table.numeric[c] = true;
    }
    rc = fill_table(&table, query, cell, shown, err);
done:
    for (size_t i = 0; table.cells && i < table.n_rows * table.n_columns; i++)
        free(table.cells[i]);
    free(table.cells);
    free(table.widths);
    free(table.numeric);
    return rc;
}

int rows_print(struct query *query, enum rows_format format, struct error *err)
{
    struct buf line, cell;
    int rc = 0;

    buf_init(&line, LINE_MAX_BYTES);
    buf_init(&cell, LINE_MAX_BYTES);
    switch (format) {
    case ROWS_TABLE:
        rc = print_query_table(query, &cell, &line, err);
        break;
    case ROWS_CSV:
        rc = print_csv(query, &line, &cell, err);
        break;
    case ROWS_JSON:
        while ((rc = query_next(query, err)) == 1 &&
               (rc = print_json_row(query, &line, &cell, err)) == 0)
            ;
        break;
    }
    buf_release(&line);
    buf_release(&cell);
    return rc;
}
