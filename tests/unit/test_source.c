/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "store/source.h"
#include "tests/support/store_fixture.h"

static void a_file_is_stored_once_under_its_source(void **state)
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

static void config_and_split_of_a_file_stay_until_others_are_known(void **state)
{
    static const struct {
        const char *source, *path, *config, *split, *want;
    } steps[] = {
        { "novels", "a.jsonl", NULL, NULL, "|" },
        { "novels", "a.jsonl", NULL, "dev", "|dev" }, /* by its name */
        { "novels", "a.jsonl", NULL, "test", "|dev" },
        { "novels", "a.jsonl", "en", "train", "en|train" }, /* by a card */
        { "novels", "a.jsonl", NULL, "dev", "en|train" },
        { "novels", "b.jsonl", "de", "dev", "en|train" }, /* not stored */
        { "poems", "a.jsonl", "de", "dev", "en|train" },
        { "novels", "a.jsonl", "all", "test", "all|test" },
    };
    struct store_fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_ok(source_file_set_split(f->store, steps[i].source, steps[i].path,
                                        steps[i].config, steps[i].split, &err));
        assert_rows(f->store, "SELECT config, split FROM file", steps[i].want);
    }
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

static void add_bad_page(struct store_fixture *f, uint64_t line, uint64_t n_rows)
{
    const struct reject reject = { .file_id = f->file_id,
                                   .line = line,
                                   .byte_offset = 4,
                                   .n_rows = n_rows,
                                   .class = "bad_page",
                                   .detail = slice_text("the page is damaged") };
    struct error err;

    assert_ok(reject_add(f->store, &reject, f->run_id, &err));
}

static void rows_of_a_group_are_rejects_of_their_own_although_they_are_equal(void **state)
{
    struct store_fixture *f = *state;

    add_bad_page(f, 10, 5);
    add_bad_page(f, 20, 7);
    add_bad_page(f, 20, 7);
    assert_rows(f->store, "SELECT line, n_rows FROM v_rejects ORDER BY 1", "10|5\n20|7");
}

static void a_bad_page_that_loses_other_rows_replaces_the_one_before(void **state)
{
    struct store_fixture *f = *state;
    struct reject row = { .file_id = f->file_id, .line = 80, .byte_offset = 9, .byte_len = 2 };
    struct error err;
    uint64_t n = 0;

    row.raw = slice_text("{}");
    add_bad_page(f, 1, 600);
    add_bad_page(f, 1, 75);
    assert_ok(reject_close(f->store, &row, &n, &err));
    assert_int_equal(n, 0);
    assert_rows(f->store, "SELECT line, n_rows FROM v_rejects", "1|75");
}

static void a_row_that_can_be_read_closes_the_bad_page_that_it_was_lost_with(void **state)
{
    struct store_fixture *f = *state;
    struct reject row = { .file_id = f->file_id, .line = 9, .byte_offset = 4, .byte_len = 2 };
    struct error err;
    uint64_t n = 0;

    row.raw = slice_text("{}");
    add_bad_page(f, 10, 5);
    assert_ok(reject_close(f->store, &row, &n, &err));
    row.line = 15;
    assert_ok(reject_close(f->store, &row, &n, &err));
    assert_int_equal(n, 0);
    row.line = 14;
    row.byte_offset = 700; /* the file was written again */
    assert_ok(reject_close(f->store, &row, &n, &err));
    assert_int_equal(n, 1);
    assert_rows(f->store, "SELECT count(*) FROM reject", "0");
}

static void a_reject_seen_again_is_stored_once(void **state)
{
    struct store_fixture *f = *state;

    add(f, 10, slice_text("{x}"));
    add(f, 10, slice_text("{x}"));
    add(f, 20, slice_text("{x}"));
    add(f, 10, slice_text("{y}")); /* the file has changed at this place */

    assert_rows(f->store, "SELECT byte_offset, raw FROM reject ORDER BY reject_id",
                "10|{x}\n20|{x}\n10|{y}");
}

static void rejects_are_read_back_in_order_with_their_bytes(void **state)
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

static void a_record_that_is_accepted_closes_its_rejects_only(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    int64_t other = 0;
    uint64_t n = 0;
    struct reject cut = { .file_id = f->file_id,
                          .byte_offset = 10,
                          .byte_len = 6,
                          .class = "too_long",
                          .raw = slice_text("{1") };

    assert_int_equal(reject_exists(f->store, f->file_id, &err), 0);
    assert_ok(reject_add(f->store, &cut, f->run_id, &err));
    add(f, 10, slice_text("{1234}"));
    add(f, 10, slice_text("{12345}"));
    add(f, 10, slice_text("{5678}"));
    add(f, 20, slice_text("{1234}"));
    assert_ok(source_file_put(f->store, "novels", "other.jsonl", &other, &err));
    assert_int_equal(reject_exists(f->store, f->file_id, &err), 1);
    assert_int_equal(reject_exists(f->store, other, &err), 0);

    struct reject record = {
        .file_id = other, .byte_offset = 10, .byte_len = 6, .raw = slice_text("{1234}")
    };
    assert_ok(reject_close(f->store, &record, &n, &err));
    assert_int_equal(n, 0);
    record.file_id = f->file_id;
    assert_ok(reject_close(f->store, &record, &n, &err));
    assert_int_equal(n, 2);
    assert_rows(f->store, "SELECT byte_offset, raw FROM reject ORDER BY reject_id",
                "10|{12345}\n10|{5678}\n20|{1234}");
}

static void a_reject_says_how_many_rows_are_lost(void **state)
{
    struct store_fixture *f = *state;
    const struct reject group = {
        .file_id = f->file_id, .line = 101, .n_rows = 50, .class = "bad_page"
    };
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct error err;

    assert_ok(reject_add(f->store, &group, f->run_id, &err));
    add(f, 10, slice_text("{1234}"));

    assert_rows(f->store, "SELECT line, n_rows FROM v_rejects ORDER BY reject_id",
                "101|50\n3|1");
    assert_ok(reject_scan_open(f->store, &(struct reject_filter){ .limit = 1 }, &scan, &err));
    assert_int_equal(reject_scan_next(scan, &row, &err), 1);
    assert_int_equal(row.reject.n_rows, 50);
    reject_scan_close(scan);
}

static void a_very_long_reject_is_stored_truncated(void **state)
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
        TEST(a_file_is_stored_once_under_its_source),
        TEST(config_and_split_of_a_file_stay_until_others_are_known),
        TEST(a_reject_seen_again_is_stored_once),
        TEST(rows_of_a_group_are_rejects_of_their_own_although_they_are_equal),
        TEST(a_bad_page_that_loses_other_rows_replaces_the_one_before),
        TEST(a_row_that_can_be_read_closes_the_bad_page_that_it_was_lost_with),
        TEST(rejects_are_read_back_in_order_with_their_bytes),
        TEST(a_record_that_is_accepted_closes_its_rejects_only),
        TEST(a_reject_says_how_many_rows_are_lost),
        TEST(a_very_long_reject_is_stored_truncated),
    };

    return cmocka_run_group_tests_name("store/source", tests, NULL, NULL);
}
