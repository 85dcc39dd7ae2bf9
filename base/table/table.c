/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table/table.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

struct table {
    const struct table_format *format;
    void *state;
};

/* A format is added here. */
static const struct table_format *const formats[] = { &table_arrow, &table_parquet, NULL };

static const struct table_format *find_format(struct slice head)
{
    for (size_t i = 0; formats[i]; i++)
        if (formats[i]->matches(head))
            return formats[i];
    return NULL;
}

bool table_matches(struct slice head)
{
    return head.len >= TABLE_HEAD_BYTES && find_format(head);
}

/* Read the first bytes of the file. Returns their number, or -1 with err set. */
static ssize_t read_table_head(int fd, const char *name, char head[TABLE_HEAD_BYTES],
                               struct error *err)
{
    ssize_t n, len = 0;

    while (len < TABLE_HEAD_BYTES) {
        n = pread(fd, head + len, (size_t)(TABLE_HEAD_BYTES - len), len);
        if (n < 0)
            return error_errno(err, errno, name);
        if (n == 0)
            break;
        len += n;
    }
    return len;
}

int table_open(int fd, const char *name, const struct table_options *options,
               struct table **out, struct error *err)
{
    char head[TABLE_HEAD_BYTES];
    const ssize_t n = read_table_head(fd, name, head, err);

    if (n < 0)
        return -1;
    const struct table_format *format = find_format(slice_of(head, (size_t)n));
    if (n < TABLE_HEAD_BYTES || !format)
        return error_set(err, ERR_INPUT, "%s: not a table: neither Parquet nor Arrow", name);

    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return error_nomem(err);
    table->format = format;
    if (format->open(fd, name, options, &table->state, err) < 0) {
        free(table);
        return -1;
    }
    *out = table;
    return 0;
}

void table_close(struct table *table)
{
    if (!table)
        return;
    table->format->close(table->state);
    free(table);
}

int table_next(struct table *table, struct table_row *out, struct error *err)
{
    return table->format->next(table->state, out, err);
}

int table_resume(struct table *table, uint64_t row, struct error *err)
{
    return table->format->resume(table->state, row, err);
}

uint64_t table_group_end(const struct table *table, uint64_t row)
{
    return table->format->group_end ? table->format->group_end(table->state, row) : UINT64_MAX;
}

uint64_t table_n_rows(const struct table *table)
{
    return table->format->n_rows(table->state);
}

uint64_t table_position(const struct table *table)
{
    return table->format->position(table->state);
}

const char *table_format_name(const struct table *table)
{
    return table->format->name;
}

const char *table_passed_over(const struct table *table)
{
    return table->format->passed_over(table->state);
}
