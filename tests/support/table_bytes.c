/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/table_bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/table/table.h"

enum { MAX_TABLE_BYTES = 64 << 20, MAX_ROW_BYTES = 1 << 16 };

static void broken_rule(const char *rule)
{
    fprintf(stderr, "table_bytes_check: %s\n", rule);
    abort();
}

int table_bytes_fd(const void *bytes, size_t n)
{
    const int fd = memfd_create("table", MFD_CLOEXEC);

    if (fd < 0 || (n > 0 && write(fd, bytes, n) != (ssize_t)n)) {
        perror("table_bytes_fd");
        abort();
    }
    return fd;
}

static void check_row(const struct table_row *row, uint64_t n_before)
{
    if (row->row != n_before + 1 || row->n_rows == 0)
        broken_rule("a row has the wrong number");
    switch (row->issue) {
    case TABLE_OK:
        if (row->n_rows != 1 || row->byte_len != row->text.len || row->text.len < 2 ||
            row->text.ptr[0] != '{' || row->text.ptr[row->text.len - 1] != '}')
            broken_rule("a sound row is no object");
        break;
    case TABLE_TOO_LONG:
        if (row->n_rows != 1 || row->byte_len <= row->text.len)
            broken_rule("a row that is too long is not longer than its text");
        break;
    case TABLE_TOO_DEEP:
        break;
    case TABLE_BAD_PAGE:
        if (!row->detail || !*row->detail)
            broken_rule("a bad page has no reason");
        break;
    }
}

static int64_t check_rows(struct table *table, uint64_t max_rows, struct error *err)
{
    const uint64_t n_rows = table_n_rows(table);
    uint64_t n = 0;
    int64_t n_texts = 0;
    struct table_row row;
    int rc;

    while (n < max_rows && (rc = table_next(table, &row, err)) != 0) {
        if (rc < 0)
            return -1;
        check_row(&row, n);
        n += row.n_rows;
        n_texts += row.issue == TABLE_OK;
    }
    if (n < max_rows && n_rows != UINT64_MAX && n != n_rows)
        broken_rule("rows are neither read nor lost");
    return n_texts;
}

int64_t table_bytes_check(const void *bytes, size_t n, uint64_t max_rows, struct error *err)
{
    const struct table_options options = { .max_bytes = MAX_TABLE_BYTES,
                                           .max_row_bytes = MAX_ROW_BYTES };
    const int fd = table_bytes_fd(bytes, n);
    struct table *table = NULL;
    int64_t n_texts = -1;

    if (table_open(fd, "x.parquet", &options, &table, err) == 0)
        n_texts = check_rows(table, max_rows, err);
    if (n_texts < 0 && (err->code == ERR_NONE || err->code == ERR_INVARIANT || !*err->msg))
        broken_rule("an error has no reason");
    table_close(table);
    close(fd);
    return n_texts;
}
