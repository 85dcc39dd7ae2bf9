/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "store/source.h"
#include "tests/support/store_fixture.h"

static void names_a_file_once_under_its_source(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    int64_t again = 0;
    int64_t other = 0;
    int64_t elsewhere = 0;

    assert_ok(source_file_put(f->store, "novels", "a.jsonl", &again, &err));
    assert_ok(source_file_put(f->store, "novels", "b.jsonl", &other, &err));
    assert_ok(source_file_put(f->store, "poems", "a.jsonl", &elsewhere, &err));

    assert_int_equal(again, f->file_id);
    assert_int_not_equal(other, f->file_id);
    assert_int_not_equal(elsewhere, f->file_id);
    assert_rows(f->store,
                "SELECT name, path FROM file JOIN source USING (source_id) ORDER BY 1, 2",
                "novels|a.jsonl\nnovels|b.jsonl\npoems|a.jsonl");
}

static void add(struct store_fixture *f, uint64_t byte_offset, struct slice raw)
{
    const struct reject reject = {
        .file_id = f->file_id,
        .line = 3,
        .byte_offset = byte_offset,
        .byte_len = raw.len,
        .class = "bad_json",
        .detail = slice_text("a comma is missing"),
        .raw = raw,
    };
    struct error err;

    assert_ok(reject_add(f->store, &reject, f->run_id, &err));
}

static void keeps_a_reject_once_however_often_it_is_seen(void **state)
{
    struct store_fixture *f = *state;

    add(f, 10, slice_text("{x}"));
    add(f, 10, slice_text("{x}"));
    add(f, 20, slice_text("{x}"));
    add(f, 10, slice_text("{y}")); /* the file was changed there */

    assert_rows(f->store, "SELECT byte_offset, raw FROM reject ORDER BY reject_id",
                "10|{x}\n20|{x}\n10|{y}");
}

static void hands_rejects_out_in_order_with_their_bytes(void **state)
{
    struct store_fixture *f = *state;
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;

    add(f, 10, slice_of("a\0\xff", 3));
    add(f, 20, slice_of(NULL, 0));
    assert_ok(reject_scan_open(f->store, &(struct reject_filter){ 0 }, &scan, &err));

    assert_int_equal(reject_scan_next(scan, &row, &err), 1);
    assert_int_equal(row.run_id, f->run_id);
    assert_true(slice_equal(row.source, slice_text("novels")));
    assert_true(slice_equal(row.path, slice_text("a.jsonl")));
    assert_int_equal(row.reject.file_id, f->file_id);
    assert_int_equal(row.reject.line, 3);
    assert_int_equal(row.reject.byte_offset, 10);
    assert_int_equal(row.reject.byte_len, 3);
    assert_string_equal(row.reject.class, "bad_json");
    assert_true(slice_equal(row.reject.detail, slice_text("a comma is missing")));
    assert_true(slice_equal(row.reject.raw, slice_of("a\0\xff", 3)));

    assert_int_equal(reject_scan_next(scan, &row, &err), 1);
    assert_int_equal(row.reject.byte_offset, 20);
    assert_non_null(row.reject.raw.ptr);
    assert_int_equal(row.reject.raw.len, 0);
    assert_int_equal(reject_scan_next(scan, &row, &err), 0);
    reject_scan_close(scan);
}

static void keeps_the_beginning_of_what_is_very_long(void **state)
{
    struct store_fixture *f = *state;
    const size_t len = REJECT_RAW_MAX_BYTES + 1000;
    char *raw = malloc(len);

    assert_non_null(raw);
    memset(raw, 'x', len);
    add(f, 0, slice_of(raw, len));
    free(raw);

    assert_rows(f->store, "SELECT length(raw), byte_len FROM reject", "1048576|1049576");
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_a_file_once_under_its_source),
        TEST(keeps_a_reject_once_however_often_it_is_seen),
        TEST(hands_rejects_out_in_order_with_their_bytes),
        TEST(keeps_the_beginning_of_what_is_very_long),
    };

    return cmocka_run_group_tests_name("store/source", tests, NULL, NULL);
}
