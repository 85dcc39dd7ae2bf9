/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "stages/ingest/cutter.h"

enum { OUT_MAX_BYTES = 1 << 16, MAX_RECORD_BYTES = 200 };

static void add_record(struct buf *out, const struct frame_record *record)
{
    struct error err;

    assert_ok(buf_printf(out, &err, "%" PRIu64 ":%" PRIu64 "+%" PRIu64 " %d %.*s\n",
                         record->line, record->byte_offset, record->byte_len,
                         (int)record->issue, (int)record->text.len, record->text.ptr));
}

/* Cut the text from the place on, `step` bytes at a time. Append all records as
 * "line:offset+len issue text", and store the place after each record. */
static void cut_from(struct cutter *cutter, struct slice text, size_t at, size_t step,
                     bool whole, struct buf *out, struct frame_place *places)
{
    struct frame_record record;
    struct error err;
    size_t n = 0;
    int rc;

    for (bool ended = false; !ended;) {
        const size_t len = text.len - at < step ? text.len - at : step;

        assert_ok(cutter_feed(cutter, text.ptr + at, len, &err));
        at += len;
        ended = len == 0;
        if (ended)
            cutter_finish(cutter, whole);
        while ((rc = cutter_next(cutter, &record, &err)) == 1) {
            add_record(out, &record);
            if (places)
                cutter_place(cutter, &places[n++]);
        }
        assert_ok(rc);
    }
}

static struct cutter *new_cutter(enum container container, char delimiter)
{
    const struct cutter_options options = { .container = container,
                                            .delimiter = delimiter,
                                            .max_record_bytes = MAX_RECORD_BYTES };
    struct cutter *cutter = NULL;
    struct error err;

    assert_ok(cutter_new(&options, &cutter, &err));
    return cutter;
}

static void assert_cuts(enum container container, char delimiter, bool whole, const char *text,
                        const char *want)
{
    for (size_t step = 1; step <= strlen(text) + 1; step = step < 4 ? step + 1 : 2 * step) {
        struct cutter *cutter = new_cutter(container, delimiter);
        struct buf out;
        struct error err;

        buf_init(&out, OUT_MAX_BYTES);
        assert_ok(buf_add_text(&out, "", &err));
        cut_from(cutter, slice_text(text), 0, step, whole, &out, NULL);
        assert_string_equal(out.data, want);
        buf_release(&out);
        cutter_free(cutter);
    }
}

static void a_row_becomes_an_object_of_texts(void **state)
{
    (void)state;
    assert_cuts(CONTAINER_CSV, ',', true,
                "\xef\xbb\xbfprompt,completion\r\n"
                "\"a \"\"b\"\",\n\tc\", d \r\n"
                "1,\n",
                "2:22+17 0 {\"prompt\":\"a \\\"b\\\",\\n\\tc\",\"completion\":\" d \"}\n"
                "4:41+2 0 {\"prompt\":\"1\",\"completion\":\"\"}\n");
    assert_cuts(CONTAINER_CSV, '\t', true, "a\tb\n1\t2, 3",
                "2:4+6 0 {\"a\":\"1\",\"b\":\"2, 3\"}\n");
    assert_cuts(CONTAINER_CSV, ';', true, "a;b\n", "");
}

static void bytes_that_are_not_utf8_are_left_to_the_parser(void **state)
{
    (void)state;
    assert_cuts(CONTAINER_CSV, ',', true, "a\ncaf\xe9\n", "2:2+4 0 {\"a\":\"caf\xe9\"}\n");
    assert_cuts(CONTAINER_TEXT, 0, true, "caf\xe9", "1:0+4 0 {\"text\":\"caf\xe9\"}\n");
}

static void columns_without_a_name_of_their_own_are_numbered(void **state)
{
    (void)state;
    assert_cuts(CONTAINER_CSV, ',', true, ",a,a\n0,x,y\n",
                "2:5+5 0 {\"column_1\":\"0\",\"a\":\"x\",\"column_3\":\"y\"}\n");
}

static void rows_that_do_not_fit_are_cut_apart(void **state)
{
    (void)state;
    assert_cuts(CONTAINER_CSV, ',', true,
                "a,b\n"
                "1\n"
                "1,2,3\n"
                "   \n"
                "\"open,2\n"
                "x\"y,2\n"
                "5,6\n",
                "2:4+1 6 1\n"
                "3:6+5 6 1,2,3\n"
                "5:16+7 5 \"open,2\n"
                "6:24+5 5 x\"y,2\n"
                "7:30+3 0 {\"a\":\"5\",\"b\":\"6\"}\n");
}

static void what_a_broken_stream_cuts_is_truncated(void **state)
{
    (void)state;
    assert_cuts(CONTAINER_CSV, ',', false, "a,b\n1,2\n3,4",
                "2:4+3 0 {\"a\":\"1\",\"b\":\"2\"}\n3:8+3 1 3,4\n");
    assert_cuts(CONTAINER_CSV, ',', false, "a,b\n1,2\n", "2:4+3 0 {\"a\":\"1\",\"b\":\"2\"}\n");
    assert_cuts(CONTAINER_TEXT, 0, false, "half a te", "1:0+9 1 half a te\n");
}

static void a_text_is_one_record(void **state)
{
    char text[MAX_RECORD_BYTES + 2], want[MAX_RECORD_BYTES + 40];

    (void)state;
    assert_cuts(CONTAINER_TEXT, 0, true, "\xef\xbb\xbf# A \"title\"\n\nText.\n",
                "1:0+22 0 {\"text\":\"# A \\\"title\\\"\\n\\nText.\\n\"}\n");
    assert_cuts(CONTAINER_TEXT, 0, true, "", "");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    snprintf(want, sizeof want, "1:0+%zu 3 %s\n", strlen(text), text);
    assert_cuts(CONTAINER_TEXT, 0, true, text, want);
    text[MAX_RECORD_BYTES] = '\0';
    snprintf(want, sizeof want, "1:0+%zu 0 {\"text\":\"%s\"}\n", strlen(text), text);
    assert_cuts(CONTAINER_TEXT, 0, true, text, want);
}

static void a_row_that_is_too_long_is_skipped(void **state)
{
    char text[2 * MAX_RECORD_BYTES], want[2 * MAX_RECORD_BYTES];

    (void)state;
    snprintf(text, sizeof text, "a,b\n%0250d,2\n1,2\n", 0);
    snprintf(want, sizeof want, "2:4+252 3 %0200d\n3:257+3 0 {\"a\":\"1\",\"b\":\"2\"}\n", 0);
    assert_cuts(CONTAINER_CSV, ',', true, text, want);
}

static void cutting_resumes_after_each_row(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a,b\r\n1,\"2\n2\"\r\n\"bad\n3,4\n\n5,6\n";
    struct cutter *cutter = new_cutter(CONTAINER_CSV, ',');
    struct frame_place places[8];
    struct buf all, part;
    struct error err;
    const char *rest;

    (void)state;
    buf_init(&all, OUT_MAX_BYTES);
    buf_init(&part, OUT_MAX_BYTES);
    cut_from(cutter, slice_text(text), 0, 100, true, &all, places);
    cutter_free(cutter);
    rest = all.data;
    for (size_t i = 0; i < 4; i++) {
        for (const uint64_t line = places[i].line; rest[0] && strtoull(rest, NULL, 10) < line;)
            rest = strchr(rest, '\n') + 1;
        cutter = new_cutter(CONTAINER_CSV, ',');
        assert_ok(cutter_feed(cutter, text, sizeof text - 1, &err));
        assert_int_equal(cutter_read_header(cutter, &err), 1);
        assert_int_equal(cutter_n_columns(cutter), 2);
        assert_ok(cutter_resume(cutter, &places[i], &err));
        buf_clear(&part);
        assert_ok(buf_add_text(&part, "", &err));
        cut_from(cutter, slice_text(text), (size_t)places[i].byte_offset, 5, true, &part, NULL);
        assert_non_null(strstr(all.data, part.data));
        assert_string_equal(all.data + all.len - part.len, part.data);
        cutter_free(cutter);
    }
    assert_int_equal(part.len, 0);
    buf_release(&part);
    buf_release(&all);
}

static void a_header_that_is_no_csv_is_an_error(void **state)
{
    struct cutter *cutter = new_cutter(CONTAINER_CSV, ',');
    struct frame_record record;
    struct error err;

    (void)state;
    assert_ok(cutter_feed(cutter, "a\"b,c\n1,2\n", 10, &err));
    assert_fails(cutter_next(cutter, &record, &err), ERR_INPUT, "column names");
    cutter_free(cutter);
}

static void assert_container(const char *name, const char *head, enum container want,
                             char delimiter)
{
    enum container found = CONTAINER_NONE;
    char got = 0;
    struct error err;

    assert_ok(container_find(name, slice_text(head), &got, &found, &err));
    if (found != want)
        fail_msg("%s: %s", name, head);
    if (want == CONTAINER_CSV)
        assert_int_equal(got, delimiter);
}

static void the_first_bytes_and_the_name_decide_what_a_file_holds(void **state)
{
    static const char json[] = "[\n  {\"instruction\": \"a\", \"output\": \"b\"}]";
    static const char table[] = "instruction,output\na,b\n";

    (void)state;
    assert_container("a.json", json, CONTAINER_JSON, 0);
    assert_container("a.txt", json, CONTAINER_JSON, 0);
    assert_container("a.md.gz", "[\"one\", \"two\"]", CONTAINER_JSON, 0);
    assert_container("a.csv", json, CONTAINER_JSON, 0);
    assert_container("a.txt", "One, two\nthree, four\n", CONTAINER_TEXT, 0);
    assert_container("a.md.xz", "[[wiki]] and [link](x)", CONTAINER_TEXT, 0);
    assert_container("a.txt", "{placeholder}", CONTAINER_TEXT, 0);
    assert_container("a.csv", "one column\nx\n", CONTAINER_CSV, ',');
    assert_container("a.csv", "a;b,c;d\n1;2;3\n", CONTAINER_CSV, ';');
    assert_container("a.TSV.zst", "a,b\tc\n", CONTAINER_CSV, '\t');
    assert_container("a.jsonl", table, CONTAINER_CSV, ',');
    assert_container("-", "\xef\xbb\xbf\"Question\"\t\"Answer\"\nq\ta\n", CONTAINER_CSV, '\t');
    assert_container("-", "prompt;completion\nno semicolon\n", CONTAINER_JSON, 0);
    assert_container("-", "truncated, \"prompt\": \"x\"}\n{\"prompt\": \"y\"}\n",
                     CONTAINER_JSON, 0);
    assert_container("-", "prompt,completion\n{\"prompt\": 1, \"completion\": 2}\n",
                     CONTAINER_JSON, 0);
    assert_container("-", "Dear reader, this is a letter\nwith, commas\n", CONTAINER_JSON, 0);
    assert_container("-", "", CONTAINER_JSON, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_becomes_an_object_of_texts),
        cmocka_unit_test(bytes_that_are_not_utf8_are_left_to_the_parser),
        cmocka_unit_test(columns_without_a_name_of_their_own_are_numbered),
        cmocka_unit_test(rows_that_do_not_fit_are_cut_apart),
        cmocka_unit_test(what_a_broken_stream_cuts_is_truncated),
        cmocka_unit_test(a_text_is_one_record),
        cmocka_unit_test(a_row_that_is_too_long_is_skipped),
        cmocka_unit_test(cutting_resumes_after_each_row),
        cmocka_unit_test(a_header_that_is_no_csv_is_an_error),
        cmocka_unit_test(the_first_bytes_and_the_name_decide_what_a_file_holds),
    };

    return cmocka_run_group_tests_name("ingest/cutter", tests, NULL, NULL);
}
