/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/table/table.h"
#include "stages/ingest/table_ahead.h"
#include "tests/support/oom.h"
#include "tests/support/tmp.h"

enum { FILE_MAX_BYTES = 1 << 20, ROWS_MAX = 1000, N_ROWS = 600, ROWS_OF_GROUP = 75 };

struct fixture {
    struct tmp tmp;
    const char *path; /* 600 rows in groups of 75, of which the fourth is damaged */
    int fd;
};

/* A row as text, with all that table.h says about it. */
static void add_row(struct buf *out, const struct table_row *row)
{
    struct error err;

    assert_ok(buf_printf(out, &err, "%d %d %d %d %d %s ", (int)row->row, (int)row->n_rows,
                         (int)row->byte_offset, (int)row->byte_len, (int)row->issue,
                         row->detail ? row->detail : ""));
    assert_ok(buf_add_slice(out, row->text, &err));
    assert_ok(buf_add_text(out, "\n", &err));
}

static void read_alone(int fd, uint64_t after_row, struct buf *out)
{
    const struct table_options options = { .max_row_bytes = 0 };
    struct table *table = NULL;
    struct table_row row;
    struct error err;
    int rc;

    assert_ok(table_open(fd, "questions.parquet", &options, &table, &err));
    assert_ok(table_resume(table, after_row, &err));
    while ((rc = table_next(table, &row, &err)) == 1)
        add_row(out, &row);
    assert_ok(rc);
    table_close(table);
}

static struct table_ahead *open_ahead(int fd, uint64_t after_row, size_t n_threads,
                                      uint64_t max_bytes)
{
    static const struct table_options table = { .max_row_bytes = 0 };
    const struct table_ahead_options options = { .fd = fd,
                                                 .name = "questions.parquet",
                                                 .table = &table,
                                                 .after_row = after_row,
                                                 .n_threads = n_threads,
                                                 .max_bytes = max_bytes };
    struct table_ahead *ahead = NULL;
    struct error err;

    assert_ok(table_ahead_new(&options, &ahead, &err));
    return ahead;
}

static void read_ahead(int fd, uint64_t after_row, size_t n_threads, uint64_t max_bytes,
                       struct buf *out)
{
    struct table_ahead *ahead = open_ahead(fd, after_row, n_threads, max_bytes);
    struct table_row row;
    struct error err;
    int rc;

    while ((rc = table_ahead_next(ahead, &row, &err)) == 1)
        add_row(out, &row);
    assert_ok(rc);
    assert_int_equal(table_ahead_next(ahead, &row, &err), 0);
    table_ahead_free(ahead);
}

static void rows_and_lost_groups_come_in_the_order_of_the_file(void **state)
{
    static const uint64_t limits[] = { 0, 1000, 1 << 20 };
    const struct fixture *f = *state;
    struct buf want, got;

    buf_init(&want, FILE_MAX_BYTES);
    buf_init(&got, FILE_MAX_BYTES);
    read_alone(f->fd, 0, &want);
    assert_non_null(strstr(want.data, "226 75 "));
    for (size_t n_threads = 1; n_threads <= TABLE_AHEAD_THREADS; n_threads++) {
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
            buf_clear(&got);
            read_ahead(f->fd, 0, n_threads, limits[i], &got);
            assert_string_equal(got.data, want.data);
        }
    }
    buf_release(&want);
    buf_release(&got);
}

static void reading_can_begin_behind_any_row(void **state)
{
    const struct fixture *f = *state;
    struct buf want, got;

    buf_init(&want, FILE_MAX_BYTES);
    buf_init(&got, FILE_MAX_BYTES);
    for (uint64_t row = 0; row <= N_ROWS; row += 37) {
        buf_clear(&want);
        buf_clear(&got);
        read_alone(f->fd, row, &want);
        read_ahead(f->fd, row, 3, 5000, &got);
        assert_true(slice_equal(buf_slice(&got), buf_slice(&want)));
    }
    read_ahead(f->fd, N_ROWS, 2, 0, &got);
    buf_release(&want);
    buf_release(&got);
}

/* The threads wait for room, for a group, or decode when nobody wants rows any more. */
static void reading_can_end_at_any_row(void **state)
{
    const struct fixture *f = *state;

    for (size_t n = 0; n < N_ROWS; n += 29) {
        struct table_ahead *ahead =
            open_ahead(f->fd, 0, 1 + n % TABLE_AHEAD_THREADS, n % 2 == 0 ? 0 : 20000);
        struct table_row row;
        struct error err;
        int rc = 1;

        for (size_t i = 0; i < n && rc == 1; i++)
            rc = table_ahead_next(ahead, &row, &err);
        assert_true(rc >= 0);
        table_ahead_free(ahead);
    }
}

static void a_file_that_cannot_be_read_is_an_error_after_the_rows_before(void **state)
{
    const struct fixture *f = *state;
    const int fd = open(f->path, O_RDWR | O_CLOEXEC);
    struct table_ahead *ahead = open_ahead(fd, 0, 1, 0);
    struct table_row row;
    struct error err = { 0 };
    int n = 0, rc = 1;

    /* Truncated while it is read: groups that are decoded already are returned. */
    assert_int_equal(ftruncate(fd, 100), 0);
    while (rc == 1 && (rc = table_ahead_next(ahead, &row, &err)) == 1)
        n++;
    assert_true(n <= N_ROWS);
    assert_true(rc == 0 || err.msg[0]);
    table_ahead_free(ahead);
    close(fd);
}

static int make_and_drain(const void *input, struct error *err)
{
    static const struct table_options table = { .max_row_bytes = 0 };
    const struct fixture *f = input;
    const struct table_ahead_options options = { .fd = f->fd,
                                                 .name = "questions.parquet",
                                                 .table = &table,
                                                 .n_threads = 2,
                                                 .max_bytes = 1 << 20 };
    struct table_ahead *ahead = NULL;
    struct table_row row;
    int rc;

    if (table_ahead_new(&options, &ahead, err) < 0)
        return -1;
    while ((rc = table_ahead_next(ahead, &row, err)) == 1)
        ;
    table_ahead_free(ahead);
    return rc;
}

static void each_failed_allocation_is_reported(void **state)
{
    assert_true(oom_survive(make_and_drain, *state) > 10);
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    char path[4096];
    struct buf bytes;
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/tables/questions.parquet",
             getenv("CURATE_SOURCE"));
    tmp_open(&f->tmp);
    buf_init(&bytes, FILE_MAX_BYTES);
    assert_ok(file_read(path, &bytes, &err));

    /* The first page of the fourth group. */
    const struct table_options options = { .max_row_bytes = 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct table *table = NULL;
    struct table_row row;
    assert_ok(table_open(fd, path, &options, &table, &err));
    assert_int_equal(table_group_end(table, 1), ROWS_OF_GROUP);
    assert_ok(table_resume(table, 3 * ROWS_OF_GROUP, &err));
    assert_int_equal(table_next(table, &row, &err), 1);
    memset(bytes.data + row.byte_offset + 60, 0, 20);
    table_close(table);
    close(fd);

    f->path = tmp_write(&f->tmp, "questions.parquet", bytes.data, bytes.len);
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    assert_true(f->fd >= 0);
    buf_release(&bytes);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close(f->fd);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_and_lost_groups_come_in_the_order_of_the_file),
        TEST(reading_can_begin_behind_any_row),
        TEST(reading_can_end_at_any_row),
        TEST(a_file_that_cannot_be_read_is_an_error_after_the_rows_before),
        TEST(each_failed_allocation_is_reported),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests_name("stages/ingest/table_ahead", tests, NULL, NULL);
}
