/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/table/cell.h"

#define assert_cell(want, call)                                                                \
    do {                                                                                       \
        buf_clear(&out);                                                                       \
        assert_ok(call);                                                                       \
        assert_string_equal(buf_slice(&out).ptr, want);                                        \
    } while (0)

static struct buf out;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

static void whole_numbers_are_exact_at_their_limits(void **state)
{
    (void)state;
    assert_cell("null", cell_null(&out, &err));
    assert_cell("true", cell_bool(&out, true, &err));
    assert_cell("false", cell_bool(&out, false, &err));
    assert_cell("0", cell_int(&out, 0, &err));
    assert_cell("-9223372036854775808", cell_int(&out, INT64_MIN, &err));
    assert_cell("9223372036854775807", cell_int(&out, INT64_MAX, &err));
    assert_cell("18446744073709551615", cell_uint(&out, UINT64_MAX, &err));
}

static void doubles_have_the_text_that_python_gives_them(void **state)
{
    (void)state;
    assert_cell("1.0", cell_double(&out, 1, &err));
    assert_cell("-0.0", cell_double(&out, -0.0, &err));
    assert_cell("0.1", cell_double(&out, 0.1, &err));
    assert_cell("0.30000000000000004", cell_double(&out, 0.1 + 0.2, &err));
    assert_cell("-2.5", cell_double(&out, -2.5, &err));
    assert_cell("0.0001", cell_double(&out, 0.0001, &err));
    assert_cell("1e-05", cell_double(&out, 0.00001, &err));
    assert_cell("1234567890123456.0", cell_double(&out, 1234567890123456.0, &err));
    assert_cell("1234567890123456.8", cell_double(&out, 1234567890123456.75, &err));
    assert_cell("1e+16", cell_double(&out, 1e16, &err));
    assert_cell("1.7976931348623157e+308", cell_double(&out, DBL_MAX, &err));
    assert_cell("5e-324", cell_double(&out, 5e-324, &err));
    assert_cell("2.2250738585072014e-308", cell_double(&out, DBL_MIN, &err));
    assert_cell("NaN", cell_double(&out, NAN, &err));
    assert_cell("-Infinity", cell_double(&out, -INFINITY, &err));
    assert_cell("Infinity", cell_double(&out, INFINITY, &err));
}

static void narrow_floats_are_as_short_as_their_width_allows(void **state)
{
    (void)state;
    assert_cell("0.1", cell_float(&out, 0.1F, &err));
    assert_cell("16777216.0", cell_float(&out, 16777216.0F, &err));
    assert_cell("1e+20", cell_float(&out, 1e20F, &err));
    assert_cell("1e-45", cell_float(&out, 1e-45F, &err));
    assert_cell("3.4028235e+38", cell_float(&out, FLT_MAX, &err));
    assert_cell("1.0", cell_half(&out, 0x3c00, &err));
    assert_cell("-2.0", cell_half(&out, 0xc000, &err));
    assert_cell("65504.0", cell_half(&out, 0x7bff, &err));
    assert_cell("5.9604645e-08", cell_half(&out, 0x0001, &err));
    assert_cell("-0.0", cell_half(&out, 0x8000, &err));
    assert_cell("-Infinity", cell_half(&out, 0xfc00, &err));
    assert_cell("NaN", cell_half(&out, 0x7e00, &err));
}

static void a_double_reads_back_as_the_same_bits(void **state)
{
    uint64_t bits = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double value;

        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        buf_clear(&out);
        assert_ok(cell_double(&out, value, &err));
        const double again = strtod(out.data, NULL);
        assert_memory_equal(&value, &again, sizeof value);
    }
}

static void text_is_escaped_where_json_requires_it(void **state)
{
    (void)state;
    assert_cell("\"\"", cell_text(&out, slice_of(NULL, 0), &err));
    assert_cell("\"plain text, longer than a word\"",
                cell_text(&out, slice_text("plain text, longer than a word"), &err));
    assert_cell("\"a \\\"b\\\" \\\\ c\\n\\td\\u0001\\u001f\\u0000\x7f\"",
                cell_text(&out, slice_of("a \"b\" \\ c\n\td\1\x1f\0\x7f", 16), &err));
    assert_cell("\"\\b\\f\\r\"", cell_text(&out, slice_text("\b\f\r"), &err));
    /* Parsing must find a byte that is not UTF-8. */
    assert_cell("\"\xff\xc3\xa9\"", cell_text(&out, slice_text("\xff\xc3\xa9"), &err));
}

/* Every byte at every place of a text, around the width of a step. */
static void a_text_parses_back_to_its_bytes(void **state)
{
    char text[40];
    struct json *json;
    const struct json_value *value;
    enum json_issue issue;
    size_t at;
    const char *detail;

    (void)state;
    assert_ok(json_new(&json, &err));
    for (int c = 0; c < 0x80; c++) {
        for (size_t len = 1; len < sizeof text; len += 1 + len / 9) {
            memset(text, 'x', sizeof text);
            text[len / 2] = text[len - 1] = text[0] = (char)c;
            buf_clear(&out);
            assert_ok(cell_text(&out, slice_of(text, len), &err));
            assert_ok(json_parse(json, buf_slice(&out), &value, &issue, &at, &detail, &err));
            assert_int_equal(issue, JSON_OK);
            assert_true(slice_equal(json_text(value), slice_of(text, len)));
        }
    }
    json_free(json);
}

static void a_text_of_escapes_grows_the_buffer(void **state)
{
    char text[5000];

    (void)state;
    memset(text, 1, sizeof text);
    assert_ok(cell_text(&out, slice_of(text, sizeof text), &err));
    assert_int_equal(out.len, 2 + 6 * sizeof text);
    assert_memory_equal(out.data + 6 * sizeof text - 5, "\\u0001\"", 8);

    struct buf small;
    buf_init(&small, 100);
    assert_fails(cell_text(&small, slice_of(text, 60), &err), ERR_INPUT, "100 bytes");
    buf_release(&small);
}

static void bytes_without_a_type_are_text_or_base64(void **state)
{
    (void)state;
    assert_cell("\"h\xc3\xa9\"", cell_bytes(&out, slice_text("h\xc3\xa9"), &err));
    assert_cell("{\"$base64\":\"/w==\"}", cell_bytes(&out, slice_of("\xff", 1), &err));
    assert_cell("{\"$base64\":\"//4=\"}", cell_bytes(&out, slice_of("\xff\xfe", 2), &err));
    assert_cell("{\"$base64\":\"//4A\"}", cell_bytes(&out, slice_of("\xff\xfe\0", 3), &err));
    assert_cell("{\"$base64\":\"//4AAQ==\"}",
                cell_bytes(&out, slice_of("\xff\xfe\0\1", 4), &err));
}

static void json_is_spliced_and_what_does_not_parse_stays_text(void **state)
{
    bool is_bad = false;

    (void)state;
    assert_cell("{\"a\": [1]}", cell_json(&out, slice_text(" {\"a\": [1]}\n"), &is_bad, &err));
    assert_cell("12345678901234567890123",
                cell_json(&out, slice_text("12345678901234567890123"), &is_bad, &err));
    assert_false(is_bad);
    assert_cell("\"{\\\"a\\\": \"", cell_json(&out, slice_text("{\"a\": "), &is_bad, &err));
    assert_true(is_bad);
    is_bad = false;
    assert_cell("\"1 2\"", cell_json(&out, slice_text("1 2"), &is_bad, &err));
    assert_true(is_bad);
    is_bad = false;
    assert_cell("\"\"", cell_json(&out, slice_of("", 0), &is_bad, &err));
    assert_true(is_bad);
    is_bad = false;
    assert_cell("\"\\\"\xff\\\"\"", cell_json(&out, slice_text("\"\xff\""), &is_bad, &err));
    assert_true(is_bad);
}

static void decimals_keep_their_scale(void **state)
{
    char most[CELL_DECIMAL_BYTES];

    (void)state;
    assert_cell("\"1.23\"", cell_decimal(&out, slice_of("\x7b", 1), 2, &err));
    assert_cell("\"-1.23\"", cell_decimal(&out, slice_of("\x85", 1), 2, &err));
    assert_cell("\"0\"", cell_decimal(&out, slice_of("\0\0", 2), 0, &err));
    assert_cell("\"0.000\"", cell_decimal(&out, slice_of("", 0), 3, &err));
    assert_cell("\"-0.001\"", cell_decimal(&out, slice_of("\xff\xff\xff", 3), 3, &err));
    assert_cell("\"-128\"", cell_decimal(&out, slice_of("\x80", 1), 0, &err));
    assert_cell("\"65536\"", cell_decimal(&out, slice_of("\x01\0\0", 3), 0, &err));
    assert_cell("\"-18446744073709551616\"",
                cell_decimal(&out, slice_of("\xff\0\0\0\0\0\0\0\0", 9), 0, &err));
    memset(most, 0, sizeof most);
    most[0] = (char)0x80; /* -2^255 */
    assert_cell("\"-578960446186580977117854925043439539266"
                "34992332820282019728792003956564819968\"",
                cell_decimal(&out, slice_of(most, sizeof most), 0, &err));
    /* What no decimal can be is written as bytes. */
    assert_cell("\"ab\"", cell_decimal(&out, slice_text("ab"), -1, &err));
    assert_cell("\"ab\"", cell_decimal(&out, slice_text("ab"), CELL_DECIMAL_SCALE + 1, &err));
}

static void dates_and_times_follow_iso_8601(void **state)
{
    (void)state;
    assert_cell("\"1970-01-01\"", cell_date(&out, 0, &err));
    assert_cell("\"1969-12-31\"", cell_date(&out, -1, &err));
    assert_cell("\"2024-02-29\"", cell_date(&out, 19782, &err));
    assert_cell("\"1900-03-01\"", cell_date(&out, -25508, &err));
    assert_cell("\"0000-03-01\"", cell_date(&out, -719468, &err));
    assert_cell("\"-0001-12-31\"", cell_date(&out, -719529, &err));
    assert_cell("\"+10000-01-01\"", cell_date(&out, 2932897, &err));
    assert_cell("\"2023-11-14T22:13:20\"",
                cell_timestamp(&out, 1700000000, CELL_SECONDS, false, &err));
    assert_cell("\"2023-11-14T22:13:20.123456789Z\"",
                cell_timestamp(&out, 1700000000123456789, CELL_NANOS, true, &err));
    assert_cell("\"1969-12-31T23:59:59.999\"",
                cell_timestamp(&out, -1, CELL_MILLIS, false, &err));
    assert_cell("\"1969-12-31T23:59:59.999999Z\"",
                cell_timestamp(&out, -1, CELL_MICROS, true, &err));
    assert_cell("\"01:02:03.000000\"", cell_time(&out, 3723000000, CELL_MICROS, &err));
    assert_cell("\"-00:00:00.001\"", cell_time(&out, -1, CELL_MILLIS, &err));
    assert_cell("\"23:59:59.999999999\"", cell_time(&out, 86399999999999, CELL_NANOS, &err));
    /* Limits of the type overflow nothing. */
    assert_ok(cell_date(&out, INT64_MIN, &err));
    assert_ok(cell_date(&out, INT64_MAX, &err));
    assert_ok(cell_timestamp(&out, INT64_MIN, CELL_SECONDS, true, &err));
    assert_ok(cell_timestamp(&out, INT64_MAX, CELL_SECONDS, true, &err));
    assert_ok(cell_time(&out, INT64_MIN, CELL_SECONDS, &err));
}

static void old_timestamps_and_identifiers_are_text(void **state)
{
    uint8_t int96[12] = { 1, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0 }; /* 2440588 */
    uint8_t uuid[16];

    (void)state;
    assert_cell("\"1970-01-01T00:00:00.000000001\"", cell_int96(&out, int96, &err));
    memset(int96, 0xff, sizeof int96);
    assert_ok(cell_int96(&out, int96, &err));
    for (int i = 0; i < 16; i++)
        uuid[i] = (uint8_t)(i * 0x11);
    assert_cell("\"00112233-4455-6677-8899-aabbccddeeff\"", cell_uuid(&out, uuid, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_numbers_are_exact_at_their_limits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(doubles_have_the_text_that_python_gives_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(narrow_floats_are_as_short_as_their_width_allows,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_double_reads_back_as_the_same_bits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(text_is_escaped_where_json_requires_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_text_parses_back_to_its_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_of_escapes_grows_the_buffer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_without_a_type_are_text_or_base64, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(json_is_spliced_and_what_does_not_parse_stays_text,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(decimals_keep_their_scale, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dates_and_times_follow_iso_8601, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_timestamps_and_identifiers_are_text, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests_name("base/table/cell", tests, NULL, NULL);
}
