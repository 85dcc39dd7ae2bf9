/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of tests/data/arrow/hostile, which are damaged in one place each
 * (tests/data/arrow/make_hostile.py).
 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/option.h"
#include "base/table/table.h"

enum { PATH_BYTES = 512, LIMIT_BYTES = 1 << 20, BOMB_BYTES = 8 << 20, HEAD_BYTES = 4096 };

/* Nothing below allocates by a claim: with this limit a claim of 2,000,000 bytes would fail. */
static const struct table_options limited = { .max_bytes = LIMIT_BYTES,
                                              .max_row_bytes = LIMIT_BYTES };

static void hostile_path(const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/tests/data/arrow/%s", getenv("CURATE_SOURCE"), name);
}

static int open_file(const char *name)
{
    char path[PATH_BYTES];

    hostile_path(name, path);
    const int fd = open(path, O_RDONLY);
    if (fd < 0)
        fail_msg("%s: cannot be opened", path);
    return fd;
}

/* What became of the rows of a file. */
struct outcome {
    uint64_t n_read;
    uint64_t n_lost;
    char reason[1024]; /* of the first rows that are lost, or of the error */
    struct error err;  /* ERR_NONE: the file was read to its end */
};

static void read_file(const char *name, const struct table_options *options,
                      struct outcome *out)
{
    const int fd = open_file(name);
    struct table *table = NULL;
    struct table_row row;
    uint64_t number = 1;
    int rc = -1;

    *out = (struct outcome){ .err.code = ERR_NONE };
    if (table_open(fd, "x", options, &table, &out->err) == 0) {
        while ((rc = table_next(table, &row, &out->err)) == 1) {
            assert_int_equal(row.row, number);
            number += row.n_rows;
            if (row.issue != TABLE_BAD_PAGE) {
                out->n_read++;
                continue;
            }
            out->n_lost += row.n_rows;
            if (!out->reason[0])
                snprintf(out->reason, sizeof out->reason, "%s", row.detail);
        }
    }
    if (rc < 0)
        snprintf(out->reason, sizeof out->reason, "%s", out->err.msg);
    table_close(table);
    close(fd);
}

static const struct hostile_file {
    const char *name;
    uint64_t n_read;
    uint64_t n_lost;
    enum error_code code;
    const char *reason;
} hostile[] = {
    { "block_far", 0, 0, ERR_INPUT, "it does not" },
    { "block_first", 0, 0, ERR_INPUT,
      "the footer at byte 688 says that a record batch begins at byte 3" },
    { "block_negative", 0, 0, ERR_INPUT,
      "the footer says that dictionary 0 begins at byte -8: it does not" },
    { "block_wrong", 0, 0, ERR_INPUT,
      "the footer says that dictionary 0 begins at byte 360: it does not" },
    { "blocks_many", 0, 0, ERR_INPUT, "the footer at byte 688 is malformed" },
    { "body_long", 0, 0, ERR_INPUT,
      "the message at byte 272 has a body of 4611686018427387904 bytes" },
    { "body_negative", 0, 0, ERR_INPUT,
      "the message at byte 272: the body has a length of -8" },
    { "body_shorter", 0, 3, ERR_INPUT, "no message begins at byte 640" },
    { "buffers_few", 3, 3, ERR_NONE,
      "record batch at byte 272: column list: the batch has only 5 buffers" },
    { "buffers_many", 0, 0, ERR_INPUT,
      "the record batch at byte 272: malformed at byte 76 of the metadata" },
    { "buffers_overlap", 3, 3, ERR_NONE,
      "record batch at byte 272: column id: buffer 1 overlaps others" },
    { "child_far", 0, 0, ERR_INPUT, "malformed at byte 84 of the metadata" },
    { "child_zero", 0, 0, ERR_INPUT, "malformed at byte 84 of the metadata" },
    { "codec_9", 0, 0, ERR_UNSUPPORTED, "only LZ4 and ZSTD of whole buffers are" },
    { "deep", 0, 0, ERR_INPUT, "fields are nested deeper than 64" },
    { "dictionary_damaged", 0, 6, ERR_NONE,
      "column word: the dictionary at byte 152 is damaged" },
    { "dictionary_missing", 0, 6, ERR_NONE,
      "column word: value 0 has the index 0 in a dictionary of 0 values" },
    { "dictionary_rows", 0, 6, ERR_NONE, "column word: the dictionary at byte 152 is damaged" },
    { "fields_many", 0, 0, ERR_INPUT, "malformed at byte 44 of the metadata" },
    { "file_of_12_bytes", 0, 0, ERR_INPUT, "truncated at byte 12: the footer is missing" },
    { "first_is_batch", 0, 0, ERR_INPUT, "the message at byte 0 should be a schema" },
    { "fixed_negative", 0, 0, ERR_INPUT, "a field of fixed size has the size -3" },
    { "fixed_wide", 0, 1, ERR_NONE, "column x: buffer 1 has 3 bytes, and needs 2147483647" },
    { "float_precision", 0, 0, ERR_INPUT, "a float has the precision 3" },
    { "footer_cut", 6, 0, ERR_NONE, "" },
    { "footer_empty", 0, 0, ERR_INPUT, "the footer at byte 928 is malformed" },
    { "footer_long", 0, 0, ERR_INPUT, "byte 928 says that the footer has 1000000 bytes" },
    { "footer_negative", 0, 0, ERR_INPUT, "byte 928 says that the footer has -1 bytes" },
    { "footer_no_schema", 0, 0, ERR_INPUT, "the footer at byte 688 is malformed" },
    { "footer_root", 0, 0, ERR_INPUT, "the footer at byte 688 is malformed" },
    { "header_far", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 28 of the metadata" },
    { "index_7_bits", 0, 0, ERR_INPUT, "a dictionary has indices of 7 bits" },
    { "index_far", 4, 2, ERR_NONE,
      "column word: value 1 has the index 2 in a dictionary of 2 values" },
    { "index_negative", 4, 2, ERR_NONE,
      "column word: value 1 has the index -1 in a dictionary of 2 values" },
    { "int_7_bits", 0, 0, ERR_INPUT, "an integer has 7 bits" },
    { "laughs", 0, 0, ERR_INPUT, "the schema has more than 10000 fields" },
    { "length_huge", 3, 3, ERR_NONE,
      "buffer 1 has 9223372036854775807 bytes at byte 8 of a body of 88 bytes" },
    { "length_negative", 3, 3, ERR_NONE,
      "column id: buffer 1 has -1 bytes at byte 8 of a body of 88 bytes" },
    { "length_short", 3, 3, ERR_NONE, "column id: buffer 1 has 8 bytes, and needs 12" },
    { "list_behind", 4, 2, ERR_NONE,
      "value 1 has the offsets 1 and 100, and the largest one is 3" },
    { "list_of_nulls_many", 0, 3, ERR_NONE,
      "column x.item: an array claims 1099511627776 values" },
    { "list_view_huge", 1, 2, ERR_NONE,
      "value 1 has 4611686018427387904 elements from 1 on, and there are 2" },
    { "list_wide", 0, 1, ERR_NONE,
      "column x: value 0 has 2147483647 elements from 0 on, and there are 2" },
    { "lz4_cut", 3, 3, ERR_NONE, "a buffer does not end after the 900 bytes that it claims" },
    { "lz4_garbage", 3, 3, ERR_NONE, "column text: LZ4: ERROR_maxBlockSize_invalid" },
    { "lz4_huge", 3, 3, ERR_NONE,
      "a buffer of 54 bytes claims to decompress to 1099511627776" },
    { "lz4_less", 3, 3, ERR_NONE, "a buffer does not end after the 899 bytes that it claims" },
    { "lz4_more", 3, 3, ERR_NONE,
      "column text: a buffer claims 901 bytes and decompresses to 900" },
    { "member_far", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
    { "member_in_head", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
    { "metadata_long", 0, 0, ERR_INPUT, "the message at byte 272 has 4096 bytes of metadata" },
    { "metadata_negative", 0, 0, ERR_INPUT, "at most 67108864 are allowed" },
    { "name_long", 0, 0, ERR_INPUT, "malformed at byte 236 of the metadata" },
    { "no_children", 0, 0, ERR_INPUT, "a field of type 12 has 0 fields below it" },
    { "no_end", 3, 0, ERR_NONE, "" },
    { "no_marker", 0, 0, ERR_INPUT, "no message begins at byte 272" },
    { "node_fewer", 4, 2, ERR_NONE,
      "value 1 has the offsets 1 and 3, and the largest one is 1" },
    { "node_huge", 3, 3, ERR_NONE, "column text: an array claims 4611686018427387904 values" },
    { "node_more", 3, 3, ERR_NONE, "column id: buffer 0 has 1 bytes, and needs 250" },
    { "node_negative", 3, 3, ERR_NONE,
      "record batch at byte 272: column text: an array claims -1 values" },
    { "nodes_few", 3, 3, ERR_NONE,
      "record batch at byte 272: column list: the batch has only 2 arrays" },
    { "nodes_many", 0, 0, ERR_INPUT,
      "the record batch at byte 272: malformed at byte 228 of the metadata" },
    { "nulls_many", 0, 0, ERR_INPUT,
      "it claims 1099511627776 rows, and its body has 24 bytes" },
    { "nulls_negative", 6, 0, ERR_NONE, "" },
    { "offset_far", 3, 3, ERR_NONE,
      "buffer 1 has 12 bytes at byte 4611686018427387904 of a body of 88" },
    { "offset_negative", 3, 3, ERR_NONE,
      "column id: buffer 1 has 12 bytes at byte -8 of a body of 88 bytes" },
    { "only_end", 0, 0, ERR_INPUT, "not a table: neither Parquet nor Arrow" },
    { "packed_cut", 3, 3, ERR_NONE, "column text: a buffer of 900 bytes is truncated" },
    { "packed_garbage", 3, 3, ERR_NONE, "column text: zstd: Unknown frame descriptor" },
    { "packed_huge", 3, 3, ERR_NONE,
      "a buffer of 40 bytes claims to decompress to 1099511627776" },
    { "packed_large", 3, 3, ERR_NONE,
      "column text: a buffer claims 2000000 bytes and decompresses to 900" },
    { "packed_less", 3, 3, ERR_NONE,
      "a buffer does not end after the 899 bytes that it claims" },
    { "packed_more", 3, 3, ERR_NONE,
      "column text: a buffer claims 901 bytes and decompresses to 900" },
    { "packed_negative", 3, 3, ERR_NONE,
      "column text: a buffer of 40 bytes claims to decompress to -2" },
    { "packed_tiny", 3, 3, ERR_NONE, "column text: a compressed buffer has 7 bytes" },
    { "root_far", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 0 of the metadata" },
    { "root_zero", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 0 of the metadata" },
    { "rows_huge", 0, 0, ERR_INPUT,
      "it claims 4611686018427387904 rows, and its body has 88 bytes" },
    { "rows_more", 3, 4, ERR_NONE, "column id: 3 values, and the batch has 4 rows" },
    { "rows_negative", 0, 0, ERR_INPUT, "the record batch at byte 272: it claims -1 rows" },
    { "second_schema", 0, 0, ERR_INPUT, "a second schema begins at byte 272" },
    { "table_long", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
    { "tensor", 0, 0, ERR_UNSUPPORTED, "it is neither a dictionary nor a record batch" },
    { "text_bad_utf8", 6, 0, ERR_NONE, "" },
    { "text_before", 3, 3, ERR_NONE,
      "value 0 has the offsets -1 and 1, and the largest one is 3" },
    { "text_behind", 4, 2, ERR_NONE,
      "value 1 has the offsets 1 and 1000, and the largest one is 3" },
    { "text_falls", 3, 3, ERR_NONE,
      "value 0 has the offsets 0 and 4, and the largest one is 3" },
    { "time_unit", 0, 0, ERR_INPUT, "a time has the unit 9" },
    { "truncated_body", 3, 0, ERR_INPUT, "the message at byte 664 has a body of 88 bytes" },
    { "truncated_marker", 3, 0, ERR_INPUT,
      "truncated at byte 669: a message begins at byte 664" },
    { "truncated_metadata", 3, 0, ERR_INPUT,
      "the message at byte 664 has 296 bytes of metadata" },
    { "type_99", 0, 0, ERR_UNSUPPORTED, "a field has the type 99, which is not known" },
    { "validity_missing", 3, 3, ERR_NONE, "column id: buffer 0 has 0 bytes, and needs 1" },
    { "variadic_few", 3, 3, ERR_NONE,
      "column text: the batch has only 0 numbers of data buffers" },
    { "variadic_huge", 3, 3, ERR_NONE,
      "4611686018427387904 data buffers are claimed, 1 are left" },
    { "version_1", 0, 0, ERR_UNSUPPORTED,
      "metadata version 1 is not supported: only 4 and 5 are" },
    { "version_9", 0, 0, ERR_UNSUPPORTED,
      "metadata version 10 is not supported: only 4 and 5 are" },
    { "view_buffer", 4, 2, ERR_NONE,
      "value 1 has 28 bytes at byte 0 of data buffer 1, which has 0 bytes" },
    { "view_buffer_negative", 4, 2, ERR_NONE,
      "value 1 has 28 bytes at byte 0 of data buffer -1, which has 0 bytes" },
    { "view_long", 4, 2, ERR_NONE,
      "value 1 has 2147483647 bytes at byte 0 of data buffer 0, which has 28" },
    { "view_negative", 4, 2, ERR_NONE,
      "value 1 has -20 bytes at byte 0 of data buffer 0, which has 28 bytes" },
    { "view_offset", 4, 2, ERR_NONE,
      "value 1 has 28 bytes at byte 20 of data buffer 0, which has 28 bytes" },
    { "vtable_before", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
    { "vtable_far", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
    { "vtable_long", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
    { "vtable_short", 0, 0, ERR_INPUT,
      "the message at byte 272: malformed at byte 20 of the metadata" },
};

static void damage_costs_its_batch_or_is_an_error_that_names_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        const struct hostile_file *file = &hostile[i];
        char name[64];
        struct outcome got;

        snprintf(name, sizeof name, "hostile/%s", file->name);
        read_file(name, &limited, &got);
        if (got.n_read != file->n_read || got.n_lost != file->n_lost ||
            got.err.code != file->code || !strstr(got.reason, file->reason))
            fail_msg("%s: %d read, %d lost, code %d, '%s'", file->name, (int)got.n_read,
                     (int)got.n_lost, (int)got.err.code, got.reason);
    }
}

static void a_batch_that_does_not_fit_into_memory_is_one_clear_error(void **state)
{
    static const struct {
        const char *name;
        uint64_t max_bytes;
        const char *reason;
    } cases[] = {
        { "hostile/bomb", LIMIT_BYTES,
          "x: the record batch at byte 120: needs more than the "
          "1048576 bytes of memory that this file may use: give "
          "more with --max-memory" },
        { "nests.arrow", 1000, "x: the message at byte 0: needs more than the 1000 bytes" },
        { "nests.arrow", 3000, "x: the record batch at byte " },
    };
    struct outcome got;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct table_options options = { .max_bytes = cases[i].max_bytes };

        read_file(cases[i].name, &options, &got);
        if (got.err.code != ERR_NOMEM || !strstr(got.reason, cases[i].reason))
            fail_msg("%s: code %d, '%s'", cases[i].name, (int)got.err.code, got.reason);
    }
}

static void a_row_that_is_too_long_is_returned_with_its_start_and_length(void **state)
{
    const struct table_options options = { .max_row_bytes = 100000 };
    const int fd = open_file("hostile/bomb");
    struct table *table = NULL;
    struct table_row row;
    struct error err;

    (void)state;
    assert_ok(table_open(fd, "x", &options, &table, &err));
    assert_int_equal(table_next(table, &row, &err), 1);
    assert_int_equal(row.issue, TABLE_TOO_LONG);
    assert_int_equal(row.text.len, HEAD_BYTES);
    assert_memory_equal(row.text.ptr, "{\"text\":\"aaaa", 13);
    assert_int_equal(row.byte_len, BOMB_BYTES + strlen("{\"text\":\"\"}"));
    assert_int_equal(table_next(table, &row, &err), 0);
    table_close(table);
    close(fd);
}

static void bytes_that_are_not_utf8_reach_the_parser(void **state)
{
    const int fd = open_file("hostile/text_bad_utf8");
    struct table *table = NULL;
    struct table_row row;
    struct error err;

    (void)state;
    assert_ok(table_open(fd, "x", &limited, &table, &err));
    assert_int_equal(table_next(table, &row, &err), 1);
    assert_int_equal(row.issue, TABLE_OK);
    assert_non_null(memmem(row.text.ptr, row.text.len, "\"text\":\"\xff\"", 10));
    table_close(table);
    close(fd);
}

static int open_columns(const char *name, const char *column, struct table **out, int *fd,
                        struct error *err)
{
    const char *items[] = { column };
    const struct text_list columns = { items, 1 };
    const struct table_options options = { .columns = &columns };

    *fd = open_file(name);
    return table_open(*fd, "x", &options, out, err);
}

static void types_that_cannot_be_written_are_named_unless_they_are_not_used(void **state)
{
    static const char *const names[] = { "runs",   "run-end encoded", "dense", "union",
                                         "sparse", "union",           "spans", "interval" };
    const struct table_options all = { 0 };
    struct table *table = NULL;
    struct table_row row;
    struct outcome got;
    struct error err;
    char phrase[80];
    int fd;

    (void)state;
    read_file("refused.arrow", &all, &got);
    assert_int_equal(got.err.code, ERR_UNSUPPORTED);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i += 2) {
        snprintf(phrase, sizeof phrase, "x: column %s: values of type %s are not supported",
                 names[i], names[i + 1]);
        assert_fails(open_columns("refused.arrow", names[i], &table, &fd, &err),
                     ERR_UNSUPPORTED, phrase);
        close(fd);
    }
    assert_ok(open_columns("refused.arrow", "last", &table, &fd, &err));
    static const char *const rows[] = { "{\"last\":\"x\"}", "{\"last\":\"y\"}",
                                        "{\"last\":\"z\"}" };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(table_next(table, &row, &err), 1);
        assert_string_equal(row.text.ptr, rows[i]);
    }
    assert_int_equal(table_next(table, &row, &err), 0);
    table_close(table);
    close(fd);
}

static void images_are_passed_over_unless_their_column_is_named(void **state)
{
    const struct table_options all = { 0 };
    struct table *table = NULL;
    struct table_row row;
    struct error err;
    int fd = open_file("datasets.arrow");

    (void)state;
    assert_ok(table_open(fd, "x", &all, &table, &err));
    assert_string_equal(table_passed_over(table), "image");
    table_close(table);
    close(fd);
    assert_ok(open_columns("datasets.arrow", "image", &table, &fd, &err));
    assert_string_equal(table_passed_over(table), "");
    assert_int_equal(table_next(table, &row, &err), 1);
    assert_string_equal(
        row.text.ptr, "{\"image\":{\"bytes\":{\"$base64\":\"iVBORw==\"},\"path\":\"x.png\"}}");
    table_close(table);
    close(fd);
    assert_fails(open_columns("datasets.arrow", "picture", &table, &fd, &err), ERR_USAGE,
                 "x: no column picture: the columns are messages, source, image");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_costs_its_batch_or_is_an_error_that_names_it),
        cmocka_unit_test(a_batch_that_does_not_fit_into_memory_is_one_clear_error),
        cmocka_unit_test(a_row_that_is_too_long_is_returned_with_its_start_and_length),
        cmocka_unit_test(bytes_that_are_not_utf8_reach_the_parser),
        cmocka_unit_test(types_that_cannot_be_written_are_named_unless_they_are_not_used),
        cmocka_unit_test(images_are_passed_over_unless_their_column_is_named),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
