/* SPDX-License-Identifier: Apache-2.0 */
/* Reading Parquet files while allocations fail: the file is not reported as damaged, and
 * nothing leaks. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/option.h"
#include "base/table/table.h"
#include "tests/support/oom.h"

/* Read all rows of a table, and continue behind the first one. */
static int read_rows(const char *path, const struct table_options *options, struct error *err)
{
    struct table *table = NULL;
    struct table_row row;
    const int fd = open(path, O_RDONLY);
    int rc;

    assert_true(fd >= 0);
    rc = table_open(fd, path, options, &table, err);
    if (rc == 0)
        rc = table_resume(table, 1, err);
    if (rc == 0) {
        while ((rc = table_next(table, &row, err)) > 0)
            if (row.issue != TABLE_OK)
                fail_msg("%s, row %d: %s", path, (int)row.row, row.detail);
    }
    table_close(table);
    close(fd);
    return rc;
}

static int read_path(const void *input, struct error *err)
{
    const struct table_options options = { .max_row_bytes = 1 << 20 };

    return read_rows(input, &options, err);
}

static int read_chosen_columns(const void *input, struct error *err)
{
    const char *names[] = { "m" };
    struct text_list list = { names, 1 };
    const struct table_options options = { .columns = &list };

    return read_rows(input, &options, err);
}

static const char *path_of(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/tests/data/parquet/%s.parquet", getenv("CURATE_SOURCE"),
             name);
    return path;
}

static void reading_parquet_survives_each_failed_allocation(void **state)
{
    static const char *const names[] = {
        "messages-pyarrow-groups", "messages-duckdb-gzip",     "lists-duckdb-version2",
        "odd-pyarrow-fixed-v1",    "split-pyarrow-v2",         "alpaca-polars-zstd",
        "image-datasets",          "alpaca-pyarrow-brotli-v1", "numbers-pyarrow-split-v2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(oom_survive(read_path, path_of(names[i])) > 5);
    assert_true(oom_survive(read_chosen_columns, path_of("maps-pyarrow-v1")) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_parquet_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("rows of Parquet without memory", tests, NULL, NULL);
}
