/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/parquet/file.h"
#include "base/parquet/plan.h"
#include "base/parquet/rows.h"
#include "base/table/table.h"

struct parquet_table {
    char *name;
    struct parquet_file *file;
    struct plan plan;
    struct rows *rows;
    size_t group; /* the one that is read; parquet_n_groups() behind the last */
    bool is_open;
    uint64_t n_before;  /* rows of the groups before it */
    uint64_t n_in;      /* rows of it that were returned */
    uint64_t n_to_skip; /* rows of it that table_resume() passes over */
    char detail[sizeof((struct error *)0)->msg];
};

/* A text may begin with PAR1 or PARE. In a file, PAR1 is followed by the first byte of a page
 * header or of the footer; PARE by the length of an encrypted module, which has four bytes and
 * is small, so one of them is 0. */
static bool parquet_matches(struct slice head)
{
    if (head.len < TABLE_HEAD_BYTES)
        return false;
    return memcmp(head.ptr, "PAR1\x15", 5) == 0 ||
           (memcmp(head.ptr, "PARE", 4) == 0 && memchr(head.ptr + 4, 0, 4));
}

static void parquet_close(void *state)
{
    struct parquet_table *table = state;

    rows_free(table->rows);
    plan_free(&table->plan);
    parquet_file_close(table->file);
    free(table->name);
    free(table);
}

static int open_footer_and_rows(struct parquet_table *table, int fd,
                                const struct table_options *options, struct error *err)
{
    const size_t max_row_bytes = options->max_row_bytes ? options->max_row_bytes : SIZE_MAX / 2;

    if (parquet_file_open(fd, table->name, options->max_bytes, &table->file, err) < 0)
        return -1;
    if (plan_make(table->file, options->columns, &table->plan, err) < 0)
        return error_prefix(err, "%s", table->name);
    return rows_new(table->file, &table->plan, max_row_bytes, &table->rows, err);
}

static int parquet_open(int fd, const char *name, const struct table_options *options,
                        void **state, struct error *err)
{
    struct parquet_table *table = calloc(1, sizeof *table);

    if (!table || !(table->name = strdup(name))) {
        free(table);
        return error_nomem(err);
    }
    if (open_footer_and_rows(table, fd, options, err) < 0) {
        parquet_close(table);
        return -1;
    }
    *state = table;
    return 0;
}

static void next_group(struct parquet_table *table)
{
    rows_close_group(table->rows);
    table->n_before += parquet_group_rows(table->file, table->group);
    table->group++;
    table->is_open = false;
    table->n_in = 0;
    table->n_to_skip = 0;
}

/* Is it the fault of the file, so that the next group may be sound? */
static bool is_fault_of_group(const struct error *err)
{
    return err->code == ERR_INPUT || err->code == ERR_UNSUPPORTED;
}

/* Get the next row of the group. It is the last one only if all columns end there: otherwise
 * the columns do not have the rows that the footer says. */
static int next_of_group(struct parquet_table *table, struct rows_text *text, struct error *err)
{
    if (!table->is_open && rows_open_group(table->rows, table->group, err) < 0)
        return -1;
    table->is_open = true;
    for (;;) {
        if (rows_next(table->rows, text, err) < 0)
            return -1;
        if (table->n_in + 1 == parquet_group_rows(table->file, table->group) &&
            rows_check_end(table->rows, err) < 0)
            return -1;
        if (table->n_to_skip == 0)
            return 0;
        table->n_to_skip--;
        table->n_in++;
    }
}

/* Report what is left of the group as lost, and go to the next one. */
static void lose_group(struct parquet_table *table, struct table_row *out)
{
    const uint64_t n_rows = parquet_group_rows(table->file, table->group);
    const uint64_t next = table->n_in + table->n_to_skip;

    out->text = slice_text("");
    out->byte_len = 0;
    out->row = table->n_before + next + 1;
    out->n_rows = n_rows - next;
    out->issue = TABLE_BAD_PAGE;
    out->detail = table->detail;
    next_group(table);
}

static int parquet_next(void *state, struct table_row *out, struct error *err)
{
    struct parquet_table *table = state;
    struct rows_text text;

    while (table->group < parquet_n_groups(table->file) &&
           table->n_in + table->n_to_skip >= parquet_group_rows(table->file, table->group))
        next_group(table);
    if (table->group == parquet_n_groups(table->file))
        return 0;

    *out = (struct table_row){ .byte_offset = parquet_group_offset(table->file, table->group) };
    if (next_of_group(table, &text, err) < 0) {
        if (err->code == ERR_NOMEM)
            error_prefix(err, "%s", table->name);
        if (!is_fault_of_group(err))
            return -1;
        memcpy(table->detail, err->msg, sizeof table->detail);
        lose_group(table, out);
        return 1;
    }
    out->text = text.text;
    out->byte_len = text.byte_len;
    out->bad_json = text.bad_json;
    out->row = table->n_before + ++table->n_in;
    out->n_rows = 1;
    out->issue = text.byte_len > text.text.len ? TABLE_TOO_LONG : TABLE_OK;
    return 1;
}

static int parquet_resume(void *state, uint64_t row, struct error *err)
{
    struct parquet_table *table = state;

    if (row > parquet_n_rows(table->file) || row < table->n_before + table->n_in)
        return error_set(err, ERR_INPUT, "%s: the file has fewer rows than were read before",
                         table->name);
    while (table->group < parquet_n_groups(table->file) &&
           row - table->n_before >= parquet_group_rows(table->file, table->group))
        next_group(table);
    table->n_to_skip = row - table->n_before - table->n_in;
    return 0;
}

static uint64_t parquet_group_end_row(const void *state, uint64_t row)
{
    const struct parquet_table *table = state;
    const bool is_ahead = row > table->n_before;
    uint64_t end = is_ahead ? table->n_before : 0;

    /* Callers go forward, so this takes a few steps, also in a file of a million groups. */
    for (size_t i = is_ahead ? table->group : 0; i < parquet_n_groups(table->file) && end < row;
         i++)
        end += parquet_group_rows(table->file, i);
    return end;
}

static uint64_t parquet_rows(const void *state)
{
    return parquet_n_rows(((const struct parquet_table *)state)->file);
}

/* Within a group, rows stand for bytes: the columns are read side by side. */
static uint64_t parquet_position(const void *state)
{
    const struct parquet_table *table = state;

    if (table->group == parquet_n_groups(table->file))
        return table->group > 0 ? parquet_group_end(table->file, table->group - 1) : 0;
    const uint64_t begin = parquet_group_offset(table->file, table->group);
    const uint64_t end = parquet_group_end(table->file, table->group);
    const uint64_t n_rows = parquet_group_rows(table->file, table->group);

    if (n_rows == 0 || end < begin)
        return begin;
    return begin + (uint64_t)((double)(end - begin) * (double)table->n_in / (double)n_rows);
}

static const char *parquet_passed_over(const void *state)
{
    return buf_slice(&((const struct parquet_table *)state)->plan.passed_over).ptr;
}

const struct table_format table_parquet = {
    .name = "Parquet",
    .matches = parquet_matches,
    .open = parquet_open,
    .close = parquet_close,
    .next = parquet_next,
    .resume = parquet_resume,
    .group_end = parquet_group_end_row,
    .n_rows = parquet_rows,
    .position = parquet_position,
    .passed_over = parquet_passed_over,
};
