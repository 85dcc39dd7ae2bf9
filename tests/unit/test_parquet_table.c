/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/option.h"
#include "base/table/table.h"
#include "tests/support/table_bytes.h"

enum { MAX_FILE_BYTES = 1 << 22, PATH_BYTES = 4096 };

static struct error err;

/* A table of tests/data/parquet. CURATE_PARQUET names another folder, of which only the rows
 * are compared: random_tables.py makes one. */
struct opened {
    int fd;
    struct table *table;
    struct table_row row;
};

static const char *path_of(const char *name, const char *end)
{
    static char path[PATH_BYTES];
    const char *folder = getenv("CURATE_PARQUET");

    if (folder)
        snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
    else
        snprintf(path, sizeof path, "%s/tests/data/parquet/%s%s", getenv("CURATE_SOURCE"), name,
                 end);
    return path;
}

static int open_with(struct opened *opened, const char *name,
                     const struct table_options *options)
{
    opened->table = NULL;
    opened->fd = open(path_of(name, ".parquet"), O_RDONLY);
    assert_true(opened->fd >= 0);
    return table_open(opened->fd, "x.parquet", options, &opened->table, &err);
}

static int open_named(struct opened *opened, const char *name)
{
    const struct table_options options = { .max_bytes = 256 << 20 };

    return open_with(opened, name, &options);
}

static void close_opened(struct opened *opened)
{
    table_close(opened->table);
    close(opened->fd);
}

/* Get the next row, which is there. */
static const struct table_row *next_row(struct opened *opened)
{
    const int rc = table_next(opened->table, &opened->row, &err);

    if (rc < 0)
        print_error("%s\n", err.msg);
    assert_int_equal(rc, 1);
    return &opened->row;
}

static void assert_end(struct opened *opened)
{
    assert_int_equal(table_next(opened->table, &opened->row, &err), 0);
}

static void assert_text(struct opened *opened, const char *want)
{
    const struct table_row *row = next_row(opened);

    assert_int_equal(row->issue, TABLE_OK);
    assert_int_equal(row->n_rows, 1);
    assert_int_equal(row->text.len, row->byte_len);
    if (!slice_equal(row->text, slice_text(want)))
        fail_msg("row %" PRIu64 " is %.*s, not %s", row->row, (int)row->text.len, row->text.ptr,
                 want);
}

static void assert_bad_page(struct opened *opened, uint64_t row, uint64_t n_rows,
                            const char *phrase)
{
    next_row(opened);
    assert_int_equal(opened->row.issue, TABLE_BAD_PAGE);
    assert_int_equal(opened->row.row, row);
    assert_int_equal(opened->row.n_rows, n_rows);
    if (!strstr(opened->row.detail, phrase))
        fail_msg("\"%s\" does not contain \"%s\"", opened->row.detail, phrase);
}

static char *read_text(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(MAX_FILE_BYTES);

    assert_non_null(text);
    if (!file) {
        free(text);
        return NULL;
    }
    *len = fread(text, 1, MAX_FILE_BYTES - 1, file);
    text[*len] = '\0';
    fclose(file);
    return text;
}

/* The rows that a file should have: NAME.jsonl, else SHAPE.jsonl where NAME is SHAPE-MORE. NULL
 * if there are none. */
static char *expected_rows(const char *name)
{
    char shape[256];
    size_t len;
    char *text = read_text(path_of(name, ".jsonl"), &len);

    if (text || !strchr(name, '-'))
        return text;
    snprintf(shape, sizeof shape, "%.*s", (int)strcspn(name, "-"), name);
    return read_text(path_of(shape, ".jsonl"), &len);
}

/* Write JSON text in one form: without blanks, with the same escapes. */
static void normalise(struct json *json, struct slice text, struct buf *out)
{
    const struct json_value *value;
    enum json_issue issue;
    size_t at;
    const char *detail;

    assert_ok(json_parse(json, text, &value, &issue, &at, &detail, &err));
    if (issue != JSON_OK)
        fail_msg("%.*s: %s", (int)text.len, text.ptr, detail);
    buf_clear(out);
    assert_ok(json_write(value, out, &err));
}

static bool is_same_json(struct slice a, struct slice b)
{
    struct json *json;
    struct buf left, right;

    if (slice_equal(a, b))
        return true;
    buf_init(&left, 1 << 24);
    buf_init(&right, 1 << 24);
    assert_ok(json_new(&json, &err));
    normalise(json, a, &left);
    normalise(json, b, &right);
    const bool is_same = slice_equal(buf_slice(&left), buf_slice(&right));
    json_free(json);
    buf_release(&left);
    buf_release(&right);
    return is_same;
}

/* Compare the rows behind a number of them with lines. */
static void compare_rows(const char *name, const char *lines, uint64_t n_skip)
{
    struct opened opened;
    uint64_t n = 0;

    assert_ok(open_named(&opened, name));
    if (n_skip > 0)
        assert_ok(table_resume(opened.table, n_skip, &err));
    for (const char *line = lines; *line; n++) {
        const size_t len = strcspn(line, "\n");

        if (n >= n_skip) {
            const struct table_row *row = next_row(&opened);

            if (row->issue != TABLE_OK || row->row != n + 1 ||
                !is_same_json(row->text, slice_of(line, len)))
                fail_msg("%s: row %" PRIu64 " is (issue %d) %.*s, not %.*s", name, n + 1,
                         (int)row->issue, (int)row->text.len, row->text.ptr, (int)len, line);
        }
        line += len + (line[len] == '\n');
    }
    assert_end(&opened);
    assert_int_equal(table_n_rows(opened.table), n);
    close_opened(&opened);
}

/* Call a function for each file of the folder. Returns their number. */
static size_t for_each_file(void (*check)(const char *name))
{
    DIR *dir = opendir(path_of("", ""));
    const struct dirent *entry;
    size_t n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char name[256];
        const char *end = strstr(entry->d_name, ".parquet");

        if (!end)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(end - entry->d_name), entry->d_name);
        check(name);
        n++;
    }
    closedir(dir);
    return n;
}

static void check_rows_of(const char *name)
{
    char *lines = expected_rows(name);

    if (lines)
        compare_rows(name, lines, 0);
    free(lines);
}

static void every_file_of_the_matrix_has_the_rows_of_its_writer(void **state)
{
    (void)state;
    assert_true(for_each_file(check_rows_of) > (getenv("CURATE_PARQUET") ? 0 : 150));
}

static void check_resumed_rows_of(const char *name)
{
    char *lines = expected_rows(name);

    for (const char *line = lines; line && *line; line = strchr(line, '\n') + 1) {
        uint64_t n = 1;

        for (const char *before = lines; before < line; before++)
            n += *before == '\n';
        compare_rows(name, lines, n);
    }
    free(lines);
}

static void reading_resumes_behind_every_row(void **state)
{
    static const char *const names[] = { "alpaca-pyarrow-groups",   "lists-pyarrow-groups",
                                         "lists-pyarrow-pages",     "messages-polars-groups",
                                         "messages-duckdb-zstd",    "odd-pyarrow-v2",
                                         "alpaca-pyarrow-brotli-v2" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_resumed_rows_of(names[i]);
}

static void long_texts_are_whole(void **state)
{
    static const char *const codecs[] = { "zstd", "gzip", "brotli" };
    static const size_t repeats[] = { 1, 12500, 40000 };

    (void)state;
    for (size_t c = 0; c < 3; c++) {
        struct opened opened;
        char name[64];

        snprintf(name, sizeof name, "long-pyarrow-%s", codecs[c]);
        assert_ok(open_named(&opened, name));
        for (size_t i = 0; i < 3; i++) {
            const struct table_row *row = next_row(&opened);
            const size_t len = 16 * repeats[i];

            assert_int_equal(row->text.len, len + 11);
            assert_memory_equal(row->text.ptr, "{\"text\":\"", 9);
            for (size_t k = 0; k < len; k += 16)
                assert_memory_equal(row->text.ptr + 9 + k, "0123456789abcdef", 16);
        }
        assert_end(&opened);
        close_opened(&opened);
    }
}

static void a_long_row_keeps_its_start_and_its_length(void **state)
{
    const struct table_options options = { .max_row_bytes = 5000 };
    struct opened opened;

    (void)state;
    assert_ok(open_with(&opened, "long-pyarrow-zstd", &options));
    assert_text(&opened, "{\"text\":\"0123456789abcdef\"}");
    next_row(&opened);
    assert_int_equal(opened.row.issue, TABLE_TOO_LONG);
    assert_int_equal(opened.row.byte_len, 200011);
    assert_true(opened.row.text.len < 5000);
    assert_memory_equal(opened.row.text.ptr, "{\"text\":\"0123456789", 19);
    next_row(&opened);
    assert_int_equal(opened.row.byte_len, 640011);
    assert_end(&opened);
    close_opened(&opened);

    /* A row of many short values: its length is exact. */
    const struct table_options small = { .max_row_bytes = 100 };
    uint64_t whole = 0;
    assert_ok(open_named(&opened, "messages-pyarrow-none-v1"));
    for (int i = 0; i < 6; i++)
        whole = next_row(&opened)->byte_len;
    close_opened(&opened);
    assert_ok(open_with(&opened, "messages-pyarrow-none-v1", &small));
    for (int i = 0; i < 6; i++)
        next_row(&opened);
    assert_int_equal(opened.row.issue, TABLE_TOO_LONG);
    assert_int_equal(opened.row.byte_len, whole);
    assert_true(whole > 1000);
    close_opened(&opened);
}

static void a_row_of_endless_nulls_is_a_bad_page(void **state)
{
    const struct table_options options = { .max_row_bytes = 1 << 16 };
    struct opened opened;

    (void)state;
    assert_ok(open_with(&opened, "hostile_long_row", &options));
    assert_bad_page(&opened, 1, 1, "a row is longer than ");
    assert_text(&opened, "{\"l\":[\"a\",null]}");
    close_opened(&opened);
}

static void columns_are_chosen_by_name(void **state)
{
    const char *names[] = { "output", "instruction" };
    struct text_list list = { names, 2 };
    const struct table_options options = { .columns = &list };
    struct opened opened;

    (void)state;
    assert_ok(open_with(&opened, "one-pyarrow-v1", &options));
    next_row(&opened);
    assert_memory_equal(opened.row.text.ptr,
                        "{\"instruction\":\"Say 1 in words.\",\"output\":", 42);
    close_opened(&opened);

    names[1] = "inptu";
    assert_fails(open_with(&opened, "one-pyarrow-v1", &options), ERR_USAGE,
                 "x.parquet: no column inptu: the columns are instruction, input, output");
    close_opened(&opened);
    list.n = 0;
    assert_ok(open_with(&opened, "one-pyarrow-v1", &options));
    close_opened(&opened);
}

static void images_and_audio_are_passed_over_unless_they_are_named(void **state)
{
    const char *names[] = { "image" };
    struct text_list list = { names, 1 };
    const struct table_options options = { .columns = &list };
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "image-pyarrow-v1"));
    assert_string_equal(table_passed_over(opened.table), "image, clips");
    assert_text(&opened, "{\"text\":\"a\"}");
    close_opened(&opened);
    assert_ok(open_with(&opened, "image-pyarrow-v1", &options));
    assert_string_equal(table_passed_over(opened.table), "");
    assert_text(&opened, "{\"image\":{\"bytes\":{\"$base64\":\"iVBORw==\"},\"path\":\"p\"}}");
    assert_text(&opened, "{\"image\":null}");
    close_opened(&opened);
}

static void json_that_does_not_parse_is_noted(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "bad_json"));
    assert_false(next_row(&opened)->bad_json);
    assert_false(next_row(&opened)->bad_json);
    assert_true(next_row(&opened)->bad_json);
    close_opened(&opened);
}

static void text_that_is_not_utf8_is_left_to_parsing(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "bad_utf8"));
    assert_text(&opened, "{\"s\":\"ok\"}");
    assert_text(&opened, "{\"s\":\"\xff\xfe\"}");
    assert_text(&opened, "{\"s\":\"\xed\xa0\x80\"}");
    assert_end(&opened);
    close_opened(&opened);
}

static void an_unsupported_type_matters_only_if_it_is_read(void **state)
{
    const char *names[] = { "text" };
    struct text_list list = { names, 1 };
    const struct table_options options = { .columns = &list };
    struct opened opened;

    (void)state;
    assert_fails(open_named(&opened, "interval"), ERR_UNSUPPORTED,
                 "x.parquet: column span: INTERVAL is not supported: name the columns to read "
                 "with --columns");
    close_opened(&opened);
    assert_ok(open_with(&opened, "interval", &options));
    assert_text(&opened, "{\"text\":\"a\"}");
    close_opened(&opened);
}

static void two_columns_of_one_name_are_both_written(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "same_name"));
    assert_text(&opened, "{\"a\":1,\"a\":2}");
    close_opened(&opened);
}

static void rows_before_and_behind_a_bad_page_are_read(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "damaged_none"));
    for (int i = 0; i < 12; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_end(&opened);
    close_opened(&opened);

    assert_ok(open_named(&opened, "damaged_second_page"));
    for (int i = 0; i < 6; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_bad_page(&opened, 7, 2, "column b, page at byte ");
    assert_text(&opened, "{\"a\":9,\"b\":\"x\"}");
    assert_int_equal(opened.row.row, 9);
    for (int i = 0; i < 3; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_end(&opened);
    close_opened(&opened);

    assert_ok(open_named(&opened, "damaged_first_page"));
    assert_ok(table_resume(opened.table, 4, &err));
    assert_bad_page(&opened, 5, 4, "column b");
    assert_int_equal(next_row(&opened)->row, 9);
    close_opened(&opened);
}

static void a_group_without_the_rows_of_the_footer_is_a_bad_page(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "list_rows_fewer")); /* the footer says 3 rows of 4 */
    assert_bad_page(&opened, 1, 3, "column l.list.element, page at byte 4: ");
    for (int i = 0; i < 4; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_end(&opened);
    close_opened(&opened);

    assert_ok(open_named(&opened, "list_rows_more")); /* 5 of 4 */
    for (int i = 0; i < 3; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_bad_page(&opened, 4, 2, "column l.list.element");
    for (int i = 0; i < 4; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_end(&opened);
    close_opened(&opened);

    /* A column without lists shows it before the first row. */
    assert_ok(open_named(&opened, "rows_fewer"));
    assert_bad_page(&opened, 1, 2, "column a");
    for (int i = 0; i < 3; i++)
        assert_int_equal(next_row(&opened)->issue, TABLE_OK);
    assert_end(&opened);
    close_opened(&opened);
    assert_ok(open_named(&opened, "rows_more"));
    assert_bad_page(&opened, 1, 5, "column a");
    close_opened(&opened);
}

static void columns_that_disagree_are_a_bad_page(void **state)
{
    static const char *const names[] = { "disagree_fewer", "disagree_more", "disagree_null",
                                         "disagree_element" };
    struct opened opened;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint64_t n = 1;

        assert_ok(open_named(&opened, names[i]));
        assert_text(&opened, "{\"l\":[{\"x\":1,\"y\":1}]}");
        while (next_row(&opened)->issue == TABLE_OK)
            n++;
        assert_int_equal(opened.row.issue, TABLE_BAD_PAGE);
        assert_int_equal(opened.row.n_rows, 3 - n);
        assert_non_null(strstr(opened.row.detail, "column l.list.element."));
        assert_end(&opened);
        close_opened(&opened);
    }
}

static void groups_end_where_the_footer_says(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "damaged_none"));
    assert_int_equal(table_group_end(opened.table, 1), 4);
    assert_int_equal(table_group_end(opened.table, 4), 4);
    assert_int_equal(table_group_end(opened.table, 5), 8);
    assert_int_equal(table_group_end(opened.table, 12), 12);
    assert_string_equal(table_format_name(opened.table), "Parquet");
    const uint64_t start = table_position(opened.table);
    for (int i = 0; i < 12; i++)
        next_row(&opened);
    assert_end(&opened);
    assert_true(table_position(opened.table) > start);
    close_opened(&opened);
}

static void a_file_that_shrank_cannot_be_resumed(void **state)
{
    struct opened opened;

    (void)state;
    assert_ok(open_named(&opened, "damaged_none"));
    assert_fails(table_resume(opened.table, 13, &err), ERR_INPUT, "x.parquet: the file has");
    close_opened(&opened);
}

static void check_any_file(const char *name)
{
    size_t n;
    char *bytes = read_text(path_of(name, ".parquet"), &n);

    assert_non_null(bytes);
    (void)table_bytes_check(bytes, n, UINT64_C(1) << 20, &err);
    free(bytes);
}

static void rows_of_hostile_files_are_read_or_lost(void **state)
{
    (void)state;
    assert_true(for_each_file(check_any_file) > 150);
}

static void a_truncated_file_is_an_error_at_every_length(void **state)
{
    static const char *const names[] = { "agree", "messages-pyarrow-groups" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n;
        char *bytes = read_text(path_of(names[i], ".parquet"), &n);

        assert_non_null(bytes);
        for (size_t len = 0; len < n; len++) {
            const int64_t n_rows = table_bytes_check(bytes, len, 1000, &err);

            assert_int_equal(n_rows, -1);
            assert_int_equal(err.code, ERR_INPUT);
        }
        free(bytes);
    }
}

static void only_tables_match(void **state)
{
    (void)state;
    assert_true(table_matches(slice_of("PAR1\x15\0\0\0", 8)));
    assert_false(table_matches(slice_of("PAR1\x15\0\0", 7)));
    assert_false(table_matches(slice_text("PAR1 is a name")));
    assert_false(table_matches(slice_text("{\"a\": 12}")));
    assert_int_equal(table_bytes_check("{\"a\": 12}", 9, 10, &err), -1);
    assert_string_equal(err.msg, "x.parquet: not a table: neither Parquet nor Arrow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_matrix_has_the_rows_of_its_writer),
        cmocka_unit_test(reading_resumes_behind_every_row),
        cmocka_unit_test(long_texts_are_whole),
        cmocka_unit_test(a_long_row_keeps_its_start_and_its_length),
        cmocka_unit_test(a_row_of_endless_nulls_is_a_bad_page),
        cmocka_unit_test(columns_are_chosen_by_name),
        cmocka_unit_test(images_and_audio_are_passed_over_unless_they_are_named),
        cmocka_unit_test(json_that_does_not_parse_is_noted),
        cmocka_unit_test(text_that_is_not_utf8_is_left_to_parsing),
        cmocka_unit_test(an_unsupported_type_matters_only_if_it_is_read),
        cmocka_unit_test(two_columns_of_one_name_are_both_written),
        cmocka_unit_test(rows_before_and_behind_a_bad_page_are_read),
        cmocka_unit_test(a_group_without_the_rows_of_the_footer_is_a_bad_page),
        cmocka_unit_test(columns_that_disagree_are_a_bad_page),
        cmocka_unit_test(groups_end_where_the_footer_says),
        cmocka_unit_test(a_file_that_shrank_cannot_be_resumed),
        cmocka_unit_test(rows_of_hostile_files_are_read_or_lost),
        cmocka_unit_test(a_truncated_file_is_an_error_at_every_length),
        cmocka_unit_test(only_tables_match),
    };

    if (getenv("CURATE_PARQUET"))
        cmocka_set_test_filter("every_file_*");
    return cmocka_run_group_tests_name("base/parquet rows", tests, NULL, NULL);
}
