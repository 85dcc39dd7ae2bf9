/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of pages and levels that contradict the column. */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/parquet/page.h"
#include "tests/support/parquet_text.h"
#include "tests/support/parquet_writer.h"

#define BYTES(text) slice_of(text, sizeof text - 1)

static const struct written_element list_of_texts[] = {
    { .name = "schema", .is_group = true, .n_children = 1 },
    { .name = "l", .is_group = true, .repetition = PARQUET_OPTIONAL, .n_children = 1 },
    { .name = "list", .is_group = true, .repetition = PARQUET_REPEATED, .n_children = 1 },
    { .name = "element", .type = PARQUET_BYTE_ARRAY, .repetition = PARQUET_OPTIONAL },
};
static const struct written_element optional_text[] = {
    { .name = "schema", .is_group = true, .n_children = 1 },
    { .name = "c", .type = PARQUET_BYTE_ARRAY, .repetition = PARQUET_OPTIONAL },
};
static const struct written_element required_text[] = {
    { .name = "schema", .is_group = true, .n_children = 1 },
    { .name = "c", .type = PARQUET_BYTE_ARRAY },
};

struct fixture {
    struct parquet_writer writer;
    struct buf out;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    parquet_writer_init(&f->writer);
    buf_init(&f->out, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    parquet_writer_release(&f->writer);
    buf_release(&f->out);
    test_free(f);
    return 0;
}

static void begin_again(struct fixture *f)
{
    parquet_writer_release(&f->writer);
    parquet_writer_init(&f->writer);
    buf_clear(&f->out);
}

static int read_text(struct fixture *f, const struct written_element *elements, size_t n,
                     int64_t n_rows, uint64_t max_bytes, struct error *err)
{
    buf_clear(&f->out);
    return parquet_text(parquet_end_file(&f->writer, elements, n, 1, &n_rows), 0, 0, max_bytes,
                        &f->out, err);
}

static void a_second_dictionary_is_an_error(void **state)
{
    struct fixture *f = *state;
    const struct written_page dictionary = { .type = PAGE_DICTIONARY,
                                             .n_values = 1,
                                             .body = BYTES("\x01\0\0\0a") };
    struct error err;

    parquet_write_page(&f->writer, &dictionary);
    parquet_write_page(&f->writer, &dictionary);
    f->writer.now.n_values = 1;
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_fails(read_text(f, required_text, 2, 1, 0, &err), ERR_INPUT, "a second dictionary");
}

static void claims_of_the_header_are_refused(void **state)
{
    static const struct {
        struct written_page page;
        const char *phrase;
    } cases[] = {
        { { .claimed_compressed = -1 }, "it has a negative length" },
        { { .claimed_bytes = -1 }, "it has a negative length" },
        { { .claimed_compressed = 1 << 30 }, "it says that it has 1073741824 bytes, but the" },
        { { .n_values = 2 }, "it says that it has 2 values, but the column has only 1 more" },
        { { .n_values = -1 }, "its header lacks the number of values" },
        { { .type = 9, .n_values = 1 }, "its type, 9, is unknown" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct written_page page = cases[i].page;

        page.body = BYTES("\x01\0\0\0a");
        if (page.n_values == 0)
            page.n_values = 1;
        begin_again(f);
        parquet_write_page(&f->writer, &page);
        f->writer.now.n_values = 1;
        parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
        assert_fails(read_text(f, required_text, 2, 1, 0, &err),
                     page.type == 9 ? ERR_UNSUPPORTED : ERR_INPUT, cases[i].phrase);
    }
}

static void levels_longer_than_the_page_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct written_page v2 = { .type = PAGE_DATA_V2,
                                     .n_values = 1,
                                     .definitions = BYTES("\x02\x01"),
                                     .body = BYTES("\x01\0\0\0a"),
                                     .claimed_bytes = 1 };
    /* No levels are written, so the length of the text is read as that of the levels. */
    const struct written_page v1 = { .type = PAGE_DATA,
                                     .n_values = 1,
                                     .body = BYTES("\xff\0\0\0a") };
    struct error err;

    parquet_write_page(&f->writer, &v2);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_fails(read_text(f, optional_text, 2, 1, 0, &err), ERR_INPUT,
                 "its levels are longer than the page");
    begin_again(f);
    parquet_write_page(&f->writer, &v1);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_fails(read_text(f, optional_text, 2, 1, 0, &err), ERR_INPUT,
                 "the definition levels are longer than the page");
}

static void lists_have_levels_of_both_kinds(void **state)
{
    struct fixture *f = *state;
    /* ["a", null], [], null, ["c"]: repetitions 0 1 0 0 0, definitions 3 2 1 0 3 */
    struct written_page page = { .type = PAGE_DATA,
                                 .n_values = 5,
                                 .repetitions = BYTES("\x03\x02"),
                                 .definitions = BYTES("\x03\x1b\x03"),
                                 .body = BYTES("\x01\0\0\0a\x01\0\0\0c") };
    struct error err;

    for (int version = 1; version <= 2; version++) {
        begin_again(f);
        page.type = version == 1 ? PAGE_DATA : PAGE_DATA_V2;
        parquet_write_page(&f->writer, &page);
        parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
        assert_ok(read_text(f, list_of_texts, 4, 4, 0, &err));
        assert_string_equal(f->out.data, "a 1:-2 -1 -0 c ");
    }
    page.level_encoding = PAGE_BIT_PACKED;
    page.type = PAGE_DATA;
    begin_again(f);
    parquet_write_page(&f->writer, &page);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_fails(read_text(f, list_of_texts, 4, 4, 0, &err), ERR_UNSUPPORTED,
                 "column l.list.element, page at byte 4: the encoding BIT_PACKED of levels");
}

static void levels_that_contradict_the_rows_are_refused(void **state)
{
    struct fixture *f = *state;
    struct written_page page = { .type = PAGE_DATA,
                                 .n_values = 3,
                                 .repetitions = BYTES("\x03\x02"),
                                 .definitions = BYTES("\x06\x03"),
                                 .body = BYTES("\x01\0\0\0a\x01\0\0\0b\x01\0\0\0c") };
    struct error err;

    parquet_write_page(&f->writer, &page); /* 2 rows */
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    const size_t len = f->writer.file.len;
    assert_ok(read_text(f, list_of_texts, 4, 2, 0, &err));
    f->writer.file.len = len;
    assert_fails(read_text(f, list_of_texts, 4, 1, 0, &err), ERR_INPUT,
                 "the column has more rows than the 1 of its row group");
    f->writer.file.len = len;
    assert_fails(read_text(f, list_of_texts, 4, 3, 0, &err), ERR_INPUT,
                 "the column has 2 rows, but its row group has 3");
    begin_again(f);
    page.repetitions = BYTES("\x03\x01");
    parquet_write_page(&f->writer, &page);
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_fails(read_text(f, list_of_texts, 4, 2, 0, &err), ERR_INPUT,
                 "the first repetition level of the column is not 0");
    begin_again(f);
    page.repetitions = BYTES("\x03\x02");
    page.definitions = BYTES("\x03\x1b\x03");
    page.n_values = 5;
    f->writer.now.n_values = 0;
    parquet_write_page(&f->writer, &page);
    f->writer.now.n_values = 7;
    parquet_end_column(&f->writer, PARQUET_BYTE_ARRAY, WRITTEN_NONE);
    assert_fails(read_text(f, list_of_texts, 4, 4, 0, &err), ERR_INPUT,
                 "the column ends 2 values too early");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_second_dictionary_is_an_error),
        TEST(claims_of_the_header_are_refused),
        TEST(levels_longer_than_the_page_are_refused),
        TEST(lists_have_levels_of_both_kinds),
        TEST(levels_that_contradict_the_rows_are_refused),
    };

    return cmocka_run_group_tests_name("base/parquet levels", tests, NULL, NULL);
}
