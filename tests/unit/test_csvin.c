/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/io/csvin.h"

enum { OUT_MAX_BYTES = 1 << 16 };

/* Parse the text, n bytes at a time. Return all rows as "line:offset+len[field|field]" or
 * "line:offset+len!issue". */
static char *rows_of(struct slice text, size_t step, size_t max_row_bytes)
{
    struct csv *csv = NULL;
    struct csv_row row;
    struct buf out;
    struct error err;
    size_t at = 0;
    int rc;

    buf_init(&out, OUT_MAX_BYTES);
    assert_ok(csv_reader_new(max_row_bytes, &csv, &err));
    for (;;) {
        while ((rc = csv_next(csv, &row, &err)) == 1) {
            assert_ok(buf_printf(&out, &err, "%" PRIu64 ":%" PRIu64 "+%" PRIu64, row.line,
                                 row.byte_offset, row.byte_len));
            for (size_t i = 0; i < row.n_fields; i++)
                assert_ok(buf_printf(&out, &err, "%c%.*s", i ? '|' : '[',
                                     (int)row.fields[i].len, row.fields[i].ptr));
            assert_ok(buf_printf(&out, &err, "%s\n", row.issue ? row.issue : "]"));
        }
        assert_ok(rc);
        if (at > text.len)
            break;
        const size_t n = text.len - at < step ? text.len - at : step;
        csv_feed(csv, text.ptr + at, n);
        at += n;
        if (n == 0) {
            csv_finish(csv);
            at++;
        }
    }
    csv_reader_free(csv);
    assert_ok(buf_add_text(&out, "", &err)); /* makes out.data a string if there are no rows */
    return out.data;
}

static void assert_rows_are(const char *text, const char *want)
{
    for (size_t step = 1; step <= strlen(text) + 1; step = step < 4 ? step + 1 : 2 * step) {
        char *rows = rows_of(slice_text(text), step, 1000);

        assert_string_equal(rows, want);
        free(rows);
    }
}

static void rows_are_split_as_rfc_4180_says(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "a,b\n1,2\n", "1:0+3[a|b]\n2:4+3[1|2]\n" },
        { "a,b\r\n1,2", "1:0+3[a|b]\n2:5+3[1|2]\n" },
        { "\"x, y\",\"say \"\"no\"\"\"\n", "1:0+19[x, y|say \"no\"]\n" },
        { "\"two\nlines\",1\nz,2\n", "1:0+13[two\nlines|1]\n3:14+3[z|2]\n" },
        { "a,,\n", "1:0+3[a||]\n" },
        { "\n\na\n\n\nb\n", "3:2+1[a]\n6:6+1[b]\n" },
        { "\xEF\xBB\xBFid,v\n", "1:3+4[id|v]\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_rows_are(cases[i].text, cases[i].want);
}

static void a_malformed_row_ends_with_its_line(void **state)
{
    (void)state;
    assert_rows_are("a,b\n1,\"x\"y\n2,3\n",
                    "1:0+3[a|b]\n2:4+6its quotes do not match\n3:11+3[2|3]\n");
    assert_rows_are("a\n\"open", "1:0+1[a]\n2:2+5its quotes do not match\n");
    assert_rows_are("\"open,1\r\nb,2\n\"c,3\n", "1:0+7its quotes do not match\n2:9+3[b|2]\n"
                                                "3:13+4its quotes do not match\n");
    assert_rows_are(
        "\"open,1\nb,\"2\nc,3\n",
        "1:0+7its quotes do not match\n2:8+4its quotes do not match\n3:13+3[c|3]\n");
}

static void a_row_that_is_too_long_is_reported_without_its_fields(void **state)
{
    char *rows;

    (void)state;
    rows = rows_of(slice_text("aaaaaaaaaaaaaaaaaaaaaaaa,b\nc,d\n"), 5, 10);
    assert_string_equal(rows, "1:0+26it is too long\n2:27+3[c|d]\n");
    free(rows);
}

static void an_empty_csv_stream_has_no_rows(void **state)
{
    (void)state;
    assert_rows_are("\n\r\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_split_as_rfc_4180_says),
        cmocka_unit_test(a_malformed_row_ends_with_its_line),
        cmocka_unit_test(a_row_that_is_too_long_is_reported_without_its_fields),
        cmocka_unit_test(an_empty_csv_stream_has_no_rows),
    };

    return cmocka_run_group_tests_name("base/csvin", tests, NULL, NULL);
}
