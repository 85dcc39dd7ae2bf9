/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json/jsonout.h"

static void commas_and_colons_are_placed_as_json_demands(void **state)
{
    struct buf buf;
    struct jsonout out;
    struct error err;

    (void)state;
    buf_init(&buf, 1000);
    jsonout_init(&out, &buf);
    jsonout_object_begin(&out);
    jsonout_key(&out, "a");
    jsonout_array_begin(&out);
    jsonout_array_end(&out);
    jsonout_key(&out, "b");
    jsonout_array_begin(&out);
    jsonout_int(&out, INT64_MIN);
    jsonout_bool(&out, true);
    jsonout_bool(&out, false);
    jsonout_null(&out);
    jsonout_object_begin(&out);
    jsonout_object_end(&out);
    jsonout_raw(&out, slice_text("[1,2]"));
    jsonout_text(&out, slice_text("t"));
    jsonout_array_end(&out);
    jsonout_key(&out, "c");
    jsonout_text(&out, slice_of(NULL, 0));
    jsonout_object_end(&out);

    assert_ok(jsonout_end(&out, &err));
    assert_string_equal(
        buf.data,
        "{\"a\":[],\"b\":[-9223372036854775808,true,false,null,{},[1,2],\"t\"],\"c\":null}");
    buf_release(&buf);
}

static void assert_text(const char *text, size_t n, const char *want)
{
    struct buf buf;
    struct jsonout out;
    struct error err;

    buf_init(&buf, 1000);
    jsonout_init(&out, &buf);
    jsonout_text(&out, slice_of(text, n));
    assert_ok(jsonout_end(&out, &err));
    assert_string_equal(buf.data, want);
    buf_release(&buf);
}

static void output_is_valid_utf8_whatever_the_text_is(void **state)
{
    struct buf buf;
    struct jsonout out;
    struct error err;

    (void)state;
    assert_text("a\xff\xfe\"", 4, "\"a\\\\xff\\\\xfe\\\"\"");
    assert_text("\xc3", 1, "\"\\\\xc3\"");                       /* truncated */
    assert_text("\xed\xa0\x80", 3, "\"\\\\xed\\\\xa0\\\\x80\""); /* a surrogate */
    assert_text("\xc3\xa9", 2, "\"\xc3\xa9\"");
    buf_init(&buf, 1000);
    jsonout_init(&out, &buf);
    jsonout_raw(&out, slice_text("{\"a\":\"\xff\"}"));
    assert_ok(jsonout_end(&out, &err));
    assert_string_equal(buf.data, "{\"a\":\"\\\\xff\"}");
    buf_release(&buf);
}

static void characters_json_forbids_in_strings_are_escaped(void **state)
{
    (void)state;
    assert_text("", 0, "\"\"");
    assert_text("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    assert_text("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    assert_text("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\"");
    assert_text("\xc3\xa4 \xf0\x9f\x98\x80", 7, "\"\xc3\xa4 \xf0\x9f\x98\x80\"");
}

static void a_character_is_escaped_at_any_place_of_a_string(void **state)
{
    static const char special[] = { '"', '\\', '\0', '\n', '\x1f', '\x7f' };
    static const char *const escaped[] = { "\\\"", "\\\\",    "\\u0000",
                                           "\\n",  "\\u001f", "\\u007f" };
    char text[20], want[40];

    (void)state;
    for (size_t s = 0; s < sizeof special; s++) {
        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, 'x', sizeof text);
            text[at] = special[s];
            snprintf(want, sizeof want, "\"%.*s%s%.*s\"", (int)at, text, escaped[s],
                     (int)(sizeof text - at - 1), text + at + 1);
            assert_text(text, sizeof text, want);
        }
    }
}

static const char *double_text(double value, struct buf *buf)
{
    struct jsonout out;
    struct error err;

    buf_clear(buf);
    jsonout_init(&out, buf);
    jsonout_double(&out, value);
    assert_ok(jsonout_end(&out, &err));
    return buf->data;
}

static void a_double_is_written_as_the_shortest_text_that_gives_it_back(void **state)
{
    static const double hard[] = { 0.1,
                                   1.0 / 3,
                                   DBL_MAX,
                                   DBL_MIN,
                                   DBL_TRUE_MIN,
                                   1e22,
                                   1e23,
                                   5e-324,
                                   9007199254740993.0,
                                   2.2250738585072011e-308 };
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    assert_string_equal(double_text(0, &buf), "0");
    assert_string_equal(double_text(-0.0, &buf), "-0");
    assert_string_equal(double_text(1, &buf), "1");
    assert_string_equal(double_text(0.1, &buf), "0.1");
    assert_string_equal(double_text(-2.5, &buf), "-2.5");
    assert_string_equal(double_text(0.1 + 0.2, &buf), "0.30000000000000004");
    assert_string_equal(double_text(NAN, &buf), "null");
    assert_string_equal(double_text(INFINITY, &buf), "null");
    assert_string_equal(double_text(-INFINITY, &buf), "null");
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++)
        assert_true(strtod(double_text(hard[i], &buf), NULL) == hard[i]);
    buf_release(&buf);
}

static void the_first_write_error_is_kept(void **state)
{
    struct buf buf;
    struct jsonout out;
    struct error err;

    (void)state;
    buf_init(&buf, 8);
    jsonout_init(&out, &buf);
    jsonout_array_begin(&out);
    jsonout_text(&out, slice_text("longer than the buffer"));
    jsonout_array_end(&out);

    assert_fails(jsonout_end(&out, &err), ERR_INPUT, "8 bytes");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_colons_are_placed_as_json_demands),
        cmocka_unit_test(output_is_valid_utf8_whatever_the_text_is),
        cmocka_unit_test(characters_json_forbids_in_strings_are_escaped),
        cmocka_unit_test(a_character_is_escaped_at_any_place_of_a_string),
        cmocka_unit_test(a_double_is_written_as_the_shortest_text_that_gives_it_back),
        cmocka_unit_test(the_first_write_error_is_kept),
    };

    return cmocka_run_group_tests_name("base/jsonout", tests, NULL, NULL);
}
