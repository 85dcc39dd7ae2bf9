/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of pyarrow, polars and datasets, row by row. tests/data/arrow/make.py wrote them and
 * the rows that they hold.
 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/option.h"
#include "base/table/table.h"
#include "tests/support/tmp.h"

enum { PATH_BYTES = 512, NAME_BYTES = 64 };

static void data_path(const char *name, const char *ending, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/tests/data/arrow/%s%s", getenv("CURATE_SOURCE"), name,
             ending);
}

static int open_data(const char *name)
{
    char path[PATH_BYTES];

    data_path(name, ".arrow", path);
    const int fd = open(path, O_RDONLY);
    if (fd < 0)
        fail_msg("%s: cannot be opened", path);
    return fd;
}

/* The rows of a file, one a line. */
static void read_rows(const char *name, const struct table_options *options, uint64_t after,
                      struct buf *out)
{
    const int fd = open_data(name);
    struct table *table = NULL;
    struct table_row row;
    struct error err;
    uint64_t number = after;
    int rc;

    assert_ok(table_open(fd, name, options, &table, &err));
    assert_string_equal(table_format_name(table), "Arrow");
    if (after > 0)
        assert_ok(table_resume(table, after, &err));
    while ((rc = table_next(table, &row, &err)) == 1) {
        if (row.issue != TABLE_OK)
            fail_msg("%s: row %d: issue %d: %s", name, (int)row.row, (int)row.issue,
                     row.detail ? row.detail : "");
        assert_int_equal(row.row, ++number);
        assert_int_equal(row.n_rows, 1);
        assert_int_equal(row.byte_len, row.text.len);
        assert_false(row.bad_json);
        assert_ok(buf_add_slice(out, row.text, &err));
        assert_ok(buf_add_text(out, "\n", &err));
    }
    if (rc < 0)
        fail_msg("%s: %s", name, err.msg);
    table_close(table);
    close(fd);
}

/* The expected rows, without the first `after`. */
static struct slice skip_lines(const struct buf *text, uint64_t after)
{
    struct slice rest = slice_of(text->len > 0 ? text->data : "", text->len);

    for (; after > 0; after--) {
        const char *end = memchr(rest.ptr, '\n', rest.len);

        assert_non_null(end);
        rest = slice_of(end + 1, (size_t)(rest.ptr + rest.len - end - 1));
    }
    return rest;
}

static void expect_rows(const char *name, const struct table_options *options, uint64_t after)
{
    char path[PATH_BYTES];
    struct buf wanted, got;
    struct error err;

    buf_init(&wanted, SIZE_MAX);
    buf_init(&got, SIZE_MAX);
    data_path(name, ".jsonl", path);
    assert_ok(file_read(path, &wanted, &err));
    read_rows(name, options, after, &got);
    const struct slice rest = skip_lines(&wanted, after);
    assert_ok(buf_add_text(&got, "", &err));
    size_t same = 0;
    while (same < rest.len && same < got.len && rest.ptr[same] == got.data[same])
        same++;
    if (same < rest.len || same < got.len)
        fail_msg("%s: differs at byte %zu: wanted %.60s, got %.60s", name, same,
                 rest.ptr + same, got.data + same);
    buf_release(&wanted);
    buf_release(&got);
}

/* All files, but that with types that are refused, and the number of their rows. */
static const struct data_file {
    const char *name;
    uint64_t n_rows;
} files[] = {
    { "scalars", 4 },       { "times", 4 },          { "nests", 4 },
    { "nests_file", 4 },    { "batches", 8 },        { "batches_file", 8 },
    { "no_rows", 0 },       { "no_rows_file", 0 },   { "lz4", 6 },
    { "zstd", 6 },          { "zstd_file", 6 },      { "version4", 4 },
    { "replaced", 7 },      { "deltas", 9 },         { "deltas_file", 7 },
    { "polars", 3 },        { "polars_zstd", 3 },    { "polars_stream", 3 },
    { "polars_int128", 4 }, { "polars_no_rows", 0 }, { "polars_stream_lz4", 3 },
    { "datasets", 2 },      { "windows", 200 },
};

static void every_file_gives_the_rows_that_its_writer_put_in(void **state)
{
    const struct table_options options = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        expect_rows(files[i].name, &options, 0);
}

static void reading_continues_behind_any_row(void **state)
{
    const struct table_options options = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        for (uint64_t after = 1; after <= files[i].n_rows; after += 1 + after / 4)
            expect_rows(files[i].name, &options, after);
}

/* With little memory, long buffers are in memory in part only: the body of a batch here has
 * about 9,000 bytes. */
static void little_memory_suffices_for_a_batch_that_is_not_compressed(void **state)
{
    static const uint64_t limits[] = { 6000, 7000, 8000, 12000, 50000 };

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct table_options options = { .max_bytes = limits[i] };

        expect_rows("windows", &options, 0);
        expect_rows("windows", &options, 150);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_gives_the_rows_that_its_writer_put_in),
        cmocka_unit_test(reading_continues_behind_any_row),
        cmocka_unit_test(little_memory_suffices_for_a_batch_that_is_not_compressed),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
