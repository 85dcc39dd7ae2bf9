/* SPDX-License-Identifier: Apache-2.0 */
/* As test_oom.c, for files of Arrow: opened, read to the end and closed. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/option.h"
#include "base/table/table.h"
#include "tests/support/oom.h"

struct arrow_case {
    int fd;
    const struct table_options *options;
};

static int read_all(const void *input, struct error *err)
{
    const struct arrow_case *c = input;
    struct table *table = NULL;
    struct table_row row;
    int rc;

    if (table_open(c->fd, "x", c->options, &table, err) < 0)
        return -1;
    while ((rc = table_next(table, &row, err)) == 1)
        assert_int_equal(row.issue, TABLE_OK);
    table_close(table);
    return rc;
}

static void survive(const char *name, const struct table_options *options)
{
    char path[512];

    snprintf(path, sizeof path, "%s/tests/data/arrow/%s.arrow", getenv("CURATE_SOURCE"), name);
    const struct arrow_case c = { open(path, O_RDONLY), options };
    assert_true(c.fd >= 0);
    assert_true(oom_survive(read_all, &c) > 10);
    close(c.fd);
}

static void reading_a_table_of_arrow_survives_each_failed_allocation(void **state)
{
    static const char *const names[] = { "scalars", "nests_file", "deltas",  "zstd",
                                         "lz4",     "polars",     "datasets" };
    const struct table_options all = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        survive(names[i], &all);
}

static void a_choice_of_columns_survives_each_failed_allocation(void **state)
{
    const char *items[] = { "messages", "source" };
    const struct text_list columns = { items, 2 };
    const struct table_options some = { .columns = &columns };

    (void)state;
    survive("datasets", &some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_a_table_of_arrow_survives_each_failed_allocation),
        cmocka_unit_test(a_choice_of_columns_survives_each_failed_allocation),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
