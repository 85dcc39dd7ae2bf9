/* SPDX-License-Identifier: Apache-2.0 */
/* Footers, and every way in which one is malformed. */
#include "tests/support/test.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/parquet/file.h"
#include "base/parquet/page.h"
#include "tests/support/parquet_text.h"
#include "tests/support/parquet_writer.h"

/* A constant, unlike slice_of(). */
#define BYTES(text)                                                                            \
    {                                                                                          \
        text, sizeof text - 1                                                                  \
    }

static const struct written_element one_text[] = {
    { .name = "schema", .is_group = true, .n_children = 1 },
    { .name = "c", .type = PARQUET_BYTE_ARRAY },
};
static const struct written_page text_page = { .type = PAGE_DATA,
                                               .n_values = 1,
                                               .body = BYTES("\x01\0\0\0a") };

struct fixture {
    struct parquet_writer writer;
    struct buf out;
    struct parquet_file *file;
    int fd;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    parquet_writer_init(&f->writer);
    buf_init(&f->out, 1 << 20);
    f->fd = -1;
    *state = f;
    return 0;
}

static void close_file(struct fixture *f)
{
    parquet_file_close(f->file);
    f->file = NULL;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close_file(f);
    parquet_writer_release(&f->writer);
    buf_release(&f->out);
    test_free(f);
    return 0;
}

static int open_bytes(struct fixture *f, struct slice bytes, struct error *err)
{
    close_file(f);
    f->fd = parquet_descriptor(bytes);
    return parquet_file_open(f->fd, "x.parquet", 0, &f->file, err);
}

/* The column of one_text in one row group. */
static void write_column(struct fixture *f)
{
    parquet_writer_release(&f->writer);
    parquet_writer_init(&f->writer);
    parquet_write_page(&f->writer, &text_page);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
}

static struct slice end_file(struct fixture *f, int64_t n_rows)
{
    return parquet_end_file(&f->writer, one_text, 2, 1, &n_rows);
}

static void files_that_are_no_parquet_are_refused(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(open_bytes(f, (struct slice)BYTES("PAR1PAR1"), &err), ERR_INPUT,
                 "x.parquet: truncated at byte 8: the footer is missing");
    assert_fails(open_bytes(f, (struct slice)BYTES("just some text, no table"), &err),
                 ERR_INPUT, "x.parquet: no Parquet file: it does not begin with PAR1");
    assert_fails(
        open_bytes(f, (struct slice)BYTES("PAR1\x15\x04 a download that broke off"), &err),
        ERR_INPUT, "x.parquet: truncated at byte 32: the footer is missing");
    assert_fails(open_bytes(f, (struct slice)BYTES("PARE\x04\0\0\0PARE"), &err),
                 ERR_UNSUPPORTED, "the footer is encrypted");
    assert_fails(open_bytes(f, (struct slice)BYTES("PAR1\x15\0\0\0\0\0\0\x40PAR1"), &err),
                 ERR_INPUT, "the length of the footer, 1073741824 bytes, is invalid");
    assert_fails(open_bytes(f, (struct slice)BYTES("PAR1\x15\x02\0\x03\0\0\0PAR1"), &err),
                 ERR_INPUT, "x.parquet: the footer is malformed: it has no schema");
    assert_fails(open_bytes(f, (struct slice)BYTES("PAR1\x15\x02\x02\0\0\0PAR1"), &err),
                 ERR_INPUT, "x.parquet: the footer is malformed at byte 6: it is truncated");
}

/* Every footer that is cut is refused; so is every footer with one changed byte, or it is read
 * without harm. */
static void changed_footers_do_no_harm(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct buf copy;

    write_column(f);
    const size_t begin = f->writer.file.len;
    const struct slice whole = end_file(f, 1);
    buf_init(&copy, 1 << 16);
    for (size_t at = begin; at + 8 < whole.len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            buf_clear(&copy);
            assert_ok(buf_add_slice(&copy, whole, &err));
            copy.data[at] = (char)(copy.data[at] ^ (1 << bit));
            buf_clear(&f->out);
            if (parquet_text(buf_slice(&copy), 0, 0, 1 << 20, &f->out, &err) < 0)
                assert_true(err.code == ERR_INPUT || err.code == ERR_UNSUPPORTED);
        }
    buf_release(&copy);
}

static void groups_that_contradict_the_schema_are_refused(void **state)
{
    static const struct written_element two[] = {
        { .name = "r", .is_group = true, .n_children = 2 },
        { .name = "a", .type = PARQUET_INT32 },
        { .name = "b", .type = PARQUET_INT32 },
    };
    struct fixture *f = *state;
    struct error err;
    int64_t n_rows = 1;

    write_column(f);
    assert_fails(open_bytes(f, parquet_end_file(&f->writer, two, 3, 1, &n_rows), &err),
                 ERR_INPUT, "x.parquet: row group 1 has 1 columns, but the schema has 2");
    write_column(f);
    assert_fails(open_bytes(f, end_file(f, -1), &err), ERR_INPUT,
                 "row group 1 has an invalid number of rows");
    write_column(f);
    f->writer.claimed_rows = 7;
    assert_fails(open_bytes(f, end_file(f, 1), &err), ERR_INPUT,
                 "the footer counts 7 rows, but the row groups have 1");
}

static int read_column(struct fixture *f, int64_t n_rows, struct error *err)
{
    buf_clear(&f->out);
    return parquet_text(end_file(f, n_rows), 0, 0, 0, &f->out, err);
}

static void columns_outside_of_the_file_are_refused(void **state)
{
    static const struct {
        uint64_t begin, end;
        const char *phrase;
    } cases[] = {
        { (uint64_t)1 << 40, ((uint64_t)1 << 40) + 9, "9 bytes at byte 1099511627776" },
        { (uint64_t)-4, 5, "9 bytes at byte -4" },
        { 0, 9, "9 bytes at byte 0" },
        { 4, (uint64_t)1 << 62, "are not within the" },
        { 4, (uint64_t)-4, "are not within the" },
        { 4, 3, "are not within the" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_column(f);
        f->writer.chunks[0].begin = cases[i].begin;
        f->writer.chunks[0].data_at = cases[i].begin;
        f->writer.chunks[0].end = cases[i].end;
        assert_fails(read_column(f, 1, &err), ERR_INPUT, cases[i].phrase);
        assert_int_equal(strncmp(err.msg, "column c: its pages, ", 21), 0);
    }
}

static void columns_that_cannot_be_read_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct error err;

    write_column(f);
    f->writer.chunks[0].codec = (enum written_codec)3;
    assert_fails(read_column(f, 1, &err), ERR_UNSUPPORTED, "column c: the compression LZO is");
    write_column(f);
    f->writer.chunks[0].codec = (enum written_codec)5;
    assert_fails(read_column(f, 1, &err), ERR_UNSUPPORTED,
                 "the compression LZ4 (Hadoop frames)");
    write_column(f);
    f->writer.chunks[0].codec = (enum written_codec)8;
    assert_fails(read_column(f, 1, &err), ERR_UNSUPPORTED, "the compression 8 is unknown");
    write_column(f);
    f->writer.chunks[0].is_in_other_file = true;
    assert_fails(read_column(f, 1, &err), ERR_UNSUPPORTED, "its data is in another file");
    write_column(f);
    f->writer.chunks[0].is_encrypted = true;
    assert_fails(read_column(f, 1, &err), ERR_UNSUPPORTED, "column c: it is encrypted");
    write_column(f);
    f->writer.is_encrypted = true;
    assert_fails(read_column(f, 1, &err), ERR_UNSUPPORTED,
                 "x.parquet: the columns are encrypted");
    write_column(f);
    f->writer.chunks[0].type = PARQUET_INT32;
    assert_fails(read_column(f, 1, &err), ERR_INPUT,
                 "its type differs from that of the schema");
    write_column(f);
    f->writer.chunks[0].n_values = 1 << 30;
    assert_fails(read_column(f, 1, &err), ERR_INPUT,
                 "it has 1073741824 values, but the row group has 1 rows");
    write_column(f);
    f->writer.chunks[0].n_values = -1;
    assert_fails(read_column(f, 1, &err), ERR_INPUT, "it has -1 values");
}

static void a_column_of_a_group_without_rows_is_empty(void **state)
{
    struct fixture *f = *state;
    struct error err;

    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    f->writer.chunks[0].begin = f->writer.chunks[0].end = f->writer.chunks[0].data_at = 0;
    assert_ok(read_column(f, 0, &err));
    assert_int_equal(f->out.len, 0);
}

static void row_groups_have_places_and_keys_have_values(void **state)
{
    const int64_t n_rows[] = { 1, 1 };
    struct fixture *f = *state;
    struct error err;

    write_column(f);
    const uint64_t first_end = f->writer.file.len;
    parquet_write_page(&f->writer, &text_page);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    const uint64_t second_end = f->writer.file.len;
    f->writer.key = "huggingface";
    f->writer.value = "{}";
    assert_ok(open_bytes(f, parquet_end_file(&f->writer, one_text, 2, 1, n_rows), &err));
    assert_int_equal(parquet_n_groups(f->file), 2);
    assert_int_equal(parquet_n_rows(f->file), 2);
    assert_int_equal(parquet_group_rows(f->file, 1), 1);
    assert_int_equal(parquet_group_offset(f->file, 0), 4);
    assert_int_equal(parquet_group_end(f->file, 0), first_end);
    assert_int_equal(parquet_group_offset(f->file, 1), first_end);
    assert_int_equal(parquet_group_end(f->file, 1), second_end);
    assert_true(slice_equal(parquet_key_value(f->file, "huggingface"), slice_text("{}")));
    assert_null(parquet_key_value(f->file, "hugging").ptr);
}

static void a_footer_that_does_not_fit_is_refused(void **state)
{
    struct fixture *f = *state;
    struct error err;

    write_column(f);
    const struct slice bytes = end_file(f, 1);
    buf_clear(&f->out);
    assert_fails(parquet_text(bytes, 0, 0, 100, &f->out, &err), ERR_NOMEM,
                 "raise --max-memory");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(files_that_are_no_parquet_are_refused),
        TEST(changed_footers_do_no_harm),
        TEST(groups_that_contradict_the_schema_are_refused),
        TEST(columns_outside_of_the_file_are_refused),
        TEST(columns_that_cannot_be_read_are_refused_by_name),
        TEST(a_column_of_a_group_without_rows_is_empty),
        TEST(row_groups_have_places_and_keys_have_values),
        TEST(a_footer_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("base/parquet/file", tests, NULL, NULL);
}
