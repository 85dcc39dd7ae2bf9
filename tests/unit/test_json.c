/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json/json.h"

static int setup(void **state)
{
    struct json *json = NULL;
    struct error err;

    assert_ok(json_new(&json, &err));
    *state = json;
    return 0;
}

static int teardown(void **state)
{
    json_free(*state);
    return 0;
}

/* Parse a text that must be valid, and return its value. */
static const struct json_value *parse_bytes(struct json *json, const char *text, size_t n)
{
    const struct json_value *value = NULL;
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    size_t at = 0;
    struct error err;
    char *exact = malloc(
        n > 0 ? n
              : 1); /* without a NUL at the end, so that the sanitizer sees each read past it */

    assert_non_null(exact);
    memcpy(exact, text, n);
    assert_ok(json_parse(json, slice_of(exact, n), &value, &issue, &at, &detail, &err));
    free(exact);
    if (issue != JSON_OK)
        fail_msg("%.*s: at byte %zu: %s", (int)n, text, at, detail);
    return value;
}

static const struct json_value *parse(struct json *json, const char *text)
{
    return parse_bytes(json, text, strlen(text));
}

static void assert_bad(struct json *json, struct slice text, enum json_issue want,
                       size_t want_at)
{
    const struct json_value *value = parse(json, "1");
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    size_t at = 0;
    struct error err;

    assert_ok(json_parse(json, text, &value, &issue, &at, &detail, &err));
    if (issue != want || at != want_at)
        fail_msg("%.*s: issue %d at %zu (%s), not %d at %zu", (int)text.len, text.ptr,
                 (int)issue, at, detail ? detail : "-", (int)want, want_at);
    assert_non_null(detail);
    assert_null(value);
}

static void members_are_found_by_name(void **state)
{
    const struct json_value *value =
        parse(*state, " {\"a\": 1, \"b\": {\"c\": [true, null, \"x\"]}, \"a\": 2} \n");
    const struct json_value *list = json_get(json_get(value, "b"), "c");
    int64_t number = 0;
    bool flag = false;

    assert_int_equal(json_type(value), JSON_OBJECT);
    assert_int_equal(json_count(value), 2);
    assert_true(json_int(json_get(value, "a"), &number));
    assert_int_equal(number, 2); /* the last of two members with this name */
    assert_int_equal(json_count(list), 3);
    assert_true(json_bool(json_at(list, 0), &flag) && flag);
    assert_int_equal(json_type(json_at(list, 1)), JSON_NULL);
    assert_true(slice_equal(json_text(json_at(list, 2)), slice_text("x")));
    assert_null(json_at(list, 3));
}

static void lookups_on_missing_values_return_nothing(void **state)
{
    const struct json_value *value = parse(*state, "[\"text\"]");
    int64_t number = 7;
    size_t pos = 0;
    struct slice key;

    assert_null(json_get(value, "a")); /* value is not an object */
    assert_null(json_get(NULL, "a"));
    assert_null(json_get_nocase(NULL, "a"));
    assert_null(json_at(NULL, 0));
    assert_int_equal(json_count(json_at(value, 0)), 0);
    assert_int_equal(json_type(NULL), JSON_NULL);
    assert_null(json_text(value).ptr);
    assert_false(json_int(json_at(value, 0), &number));
    assert_int_equal(number, 7);
    assert_int_equal(json_member_next(value, &pos, &key, &value), 0);
}

static void members_are_found_without_regard_to_case(void **state)
{
    const struct json_value *value = parse(*state, "{\"Input\": \"x\", \"OUTPUT\": \"y\"}");

    assert_null(json_get(value, "input"));
    assert_true(slice_equal(json_text(json_get_nocase(value, "input")), slice_text("x")));
    assert_true(slice_equal(json_text(json_get_nocase(value, "Output")), slice_text("y")));
    assert_null(json_get_nocase(value, "inpu"));
}

static void members_are_listed_in_order(void **state)
{
    const struct json_value *value = parse(*state, "{\"b\": 1, \"a\": [], \"c\": null}");
    static const char *const want[] = { "b", "a", "c" };
    const struct json_value *member;
    struct slice key;
    size_t pos = 0, n = 0;

    while (json_member_next(value, &pos, &key, &member)) {
        assert_true(n < 3);
        assert_true(slice_equal(key, slice_text(want[n++])));
    }
    assert_int_equal(n, 3);
    pos = 0;
    assert_int_equal(json_member_next(parse(*state, "{}"), &pos, &key, &member), 0);
}

static void escape_sequences_are_decoded(void **state)
{
    static const char nul[] = "\"a\\u0000b\"";
    const struct json_value *value =
        parse(*state, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"");

    assert_true(
        slice_equal(json_text(value), slice_text("\"\\/\b\f\n\r\t\xc3\xa4\xf0\x9f\x98\x80")));
    assert_true(slice_equal(json_text(parse(*state, nul)), slice_of("a\0b", 3)));
    assert_true(slice_equal(json_text(parse(*state, "\"\"")), slice_text("")));
    assert_non_null(json_text(parse(*state, "\"\"")).ptr);
    assert_true(slice_equal(json_text(parse(*state, "\"a\tb\"")), slice_text("a\tb")));
}

static void a_lone_surrogate_becomes_a_replacement_character(void **state)
{
    static const char *const lone[] = { "\"\\ud800\"", "\"\\udc00\"", "\"\\ud83d\\ud83d\"",
                                        "\"x\\ud800y\"" };
    static const char *const want[] = { "\xef\xbf\xbd", "\xef\xbf\xbd",
                                        "\xef\xbf\xbd\xef\xbf\xbd", "x\xef\xbf\xbdy" };

    for (size_t i = 0; i < sizeof lone / sizeof *lone; i++)
        assert_true(slice_equal(json_text(parse(*state, lone[i])), slice_text(want[i])));
}

static void integers_are_returned_only_if_they_fit(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t want;
    } cases[] = {
        { "0", true, 0 },
        { "-7", true, -7 },
        { "true", true, 1 },
        { "1e3", true, 1000 },
        { "2.0", true, 2 },
        { "2.5", false, 0 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "18446744073709551616", false, 0 },
        { "1e999", false, 0 },
        { "NaN", false, 0 },
        { "\"1\"", false, 0 },
        { "null", false, 0 },
    };
    double number = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = 0;

        assert_int_equal(json_int(parse(*state, cases[i].text), &got), cases[i].fits);
        assert_int_equal(got, cases[i].want);
    }
    assert_true(json_double(parse(*state, "-1.5e-3"), &number));
    assert_true(number == -1.5e-3);
    assert_true(json_double(parse(*state, "3"), &number));
    assert_true(number == 3);
    assert_false(json_double(parse(*state, "1e999"), &number));
    assert_false(json_double(parse(*state, "-Infinity"), &number));
}

static void nan_and_infinity_are_read_as_null(void **state)
{
    const struct json_value *value = parse(*state, "[NaN, Infinity, -Infinity, 1e999]");

    assert_int_equal(json_type(json_at(value, 0)), JSON_NULL);
    assert_int_equal(json_type(json_at(value, 1)), JSON_NULL);
    assert_int_equal(json_type(json_at(value, 2)), JSON_NULL);
    assert_int_equal(json_type(json_at(value, 3)), JSON_NUMBER);
}

static void assert_written(struct json *json, const char *text, const char *want)
{
    struct buf out;
    struct error err;

    buf_init(&out, 1 << 20);
    assert_ok(json_write(parse(json, text), &out, &err));
    assert_string_equal(buf_slice(&out).ptr, want);
    buf_release(&out);
}

static void json_is_written_as_it_was_read(void **state)
{
    static const char *const same[] = {
        "null",
        "true",
        "[]",
        "{}",
        "[[],{}]",
        "{\"a\":[1,-2.50,\"x\"],\"b\":null}",
        "\"\xc3\xa4\\n\\u0000\"",
    };

    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_written(*state, same[i], same[i]);
    assert_written(*state, " [ 1 , \"\\u00e4\\/\" ]", "[1,\"\xc3\xa4/\"]");
    assert_written(*state, "[NaN]", "[null]");
}

static void numbers_are_written_with_their_original_digits(void **state)
{
    static const char *const numbers[] = {
        "0",
        "-0",
        "-0.0",
        "1.50",
        "1E5",
        "1e+05",
        "1e999",
        "123456789012345678",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "-123456789012345678901234567890",
        "1e+0001",
        "123456789012345678901.0",
        "0.1234567890123456789012345678901234567890",
    };
    char text[200];

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_written(*state, numbers[i], numbers[i]);
        snprintf(text, sizeof text, "{\"%s\":[%s,\"%s\",%s]}", numbers[i], numbers[i],
                 numbers[i], numbers[i]);
        assert_written(*state, text, text);
    }
    assert_written(*state, "[-Infinity, -0, Infinity]", "[null,-0,null]");
}

static void invalid_json_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } cases[] = {
        { "[1,]", 3 },       { "[,1]", 1 },
        { "{\"a\":1,}", 7 }, { "{\"a\" 1}", 5 },
        { "{a:1}", 1 },      { "{'a':1}", 1 },
        { "[1 2]", 3 },      { "[1}", 2 },
        { "{\"a\":1]", 6 },  { "1 2", 2 },
        { "{} {}", 3 },      { "[1]]", 3 },
        { "tru ", 3 },       { "True", 0 },
        { "nul]", 3 },       { "nan", 1 },
        { "-x", 1 },         { "01", 1 },
        { "-01", 2 },        { "1.x", 2 },
        { ".5", 0 },         { "+1", 0 },
        { "1e+x", 3 },       { "0x10", 1 },
        { "\"\\x41\"", 2 },  { "\"\\u12g4\"", 5 },
        { "\"a\nb\"", 2 },   { "/**/1", 0 },
        { "[1]//", 3 },      { "-NaN", 1 },
        { "]", 0 },          { "12345678901234567890]", 20 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_bad(*state, slice_text(cases[i].text), JSON_BAD_SYNTAX, cases[i].at);
    assert_bad(*state, slice_of("1\0", 2), JSON_BAD_SYNTAX, 1);
    assert_bad(*state, slice_of("{\"a\0\":1}", 8), JSON_BAD_SYNTAX, 1);
    assert_bad(*state, slice_text("{\"a\\u0000\":1}"), JSON_BAD_SYNTAX, 1);
}

/* A prefix of a valid text is truncated, not malformed, and the place of the error is its
 * end. */
static void truncated_json_is_told_from_malformed_json(void **state)
{
    static const char text[] =
        "{\"a\": [1.5e-3, true, null, \"x\\u00e4\\n\"], \"b\": {\"c\": -Infinity, \"d\": NaN}}";

    for (size_t n = 0; n < sizeof text - 1; n++)
        assert_bad(*state, slice_of(text, n), JSON_TRUNCATED, n);
    parse(*state, text);
}

static void an_error_names_the_first_byte_that_is_not_utf8(void **state)
{
    assert_bad(*state, slice_text("{\"a\": \"x\xff\"}"), JSON_BAD_UTF8, 8);
    assert_bad(*state, slice_text("[nonsense \xc3("), JSON_BAD_UTF8, 10);
    assert_bad(*state, slice_text("\"\xed\xa0\x80\""), JSON_BAD_UTF8, 1);
}

static void json_nested_deeper_than_the_limit_is_refused(void **state)
{
    char text[2 * (JSON_MAX_DEPTH + 1)];

    memset(text, '[', JSON_MAX_DEPTH);
    memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    parse_bytes(*state, text, (size_t)2 * JSON_MAX_DEPTH);
    text[JSON_MAX_DEPTH - 1] = '1'; /* a scalar adds no level */
    parse_bytes(*state, text, (size_t)2 * JSON_MAX_DEPTH - 1);

    memset(text, '[', JSON_MAX_DEPTH + 1);
    memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
    assert_bad(*state, slice_of(text, sizeof text), JSON_TOO_DEEP, JSON_MAX_DEPTH);
}

/* Long strings are parsed by other code, which must give the same result. */
static void long_strings_are_read_like_short_ones(void **state)
{
    static const char *const pieces[] = {
        "",
        "a",
        "\\n\\t\\r\\b\\f\\/\\\\\\\"",
        "\\u0000",
        "\\u00e9\\u20AC",
        "\\ud83D\\ude00",
        "\\ud83d",
        "\\ude00x",
        "\\ud83d\\ud83d\\ude00",
        "\\ud83d\\n",
        "\\ud83d\\u0041",
        "\303\251\t\177",
    };
    char long_text[1024], short_text[256], padding[401];

    memset(padding, 'p', sizeof padding - 1);
    padding[sizeof padding - 1] = '\0';
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        snprintf(short_text, sizeof short_text, "{\"k\":\"%s\"}", pieces[i]);
        snprintf(long_text, sizeof long_text, "{\"k\":\"%s%s\",\"n\":1e400,\"s\":[\"\"]}",
                 padding, pieces[i]);
        char want[256];
        const struct slice plain = json_text(json_get(parse(*state, short_text), "k"));
        const size_t len = plain.len;
        memcpy(want, plain.ptr, len);
        const struct json_value *value = parse(*state, long_text);
        const struct slice got = json_text(json_get(value, "k"));

        assert_int_equal(got.len, sizeof padding - 1 + len);
        assert_memory_equal(got.ptr, padding, sizeof padding - 1);
        assert_memory_equal(got.ptr + sizeof padding - 1, want, len);
        assert_int_equal(json_text(json_at(json_get(value, "s"), 0)).len, 0);
    }
}

static void any_number_of_long_strings_is_read(void **state)
{
    struct error err;
    struct buf text;

    buf_init(&text, 1 << 20);
    for (int i = 0; i < 40; i++)
        assert_ok(buf_printf(&text, &err,
                             "%s\"%0300d\\n\",{\"%0300d\":12345678901234567890123}",
                             i == 0 ? "[" : ",", i, i));
    assert_ok(buf_add_text(&text, "]", &err));
    const struct json_value *list = parse_bytes(*state, text.data, text.len);
    struct buf again;
    buf_init(&again, 1 << 20);
    assert_ok(json_write(list, &again, &err));

    assert_string_equal(again.data, text.data);
    buf_release(&again);
    buf_release(&text);
}

static void raw_control_characters_are_kept_in_strings(void **state)
{
    char text[1000];
    const struct json_value *value = parse_bytes(*state, "[\"a\0b\", \"\x01\\\"\r\"]", 15);

    assert_true(slice_equal(json_text(json_at(value, 0)), slice_of("a\0b", 3)));
    assert_true(slice_equal(json_text(json_at(value, 1)), slice_text("\x01\"\r")));
    assert_int_equal(json_noted(*state), JSON_NOTED_NUL | JSON_NOTED_CONTROL);

    memset(text, 'x', sizeof text); /* long strings are parsed by other code */
    memcpy(text, "[\"\0\x01", 4);
    memcpy(text + sizeof text - 2, "\"]", 2);
    value = parse_bytes(*state, text, sizeof text);
    assert_true(slice_equal(json_text(json_at(value, 0)), slice_of(text + 2, sizeof text - 4)));
    assert_int_equal(json_noted(*state), JSON_NOTED_NUL | JSON_NOTED_CONTROL);
}

static void deviations_from_json_are_noted(void **state)
{
    static const struct {
        const char *text;
        unsigned noted;
    } cases[] = {
        { "{\"a\": [1, 2.5e3, -0, \"\\ud83d\\ude00 \\u00e4\\t\"]}", 0 },
        { "[1, NaN]", JSON_NOTED_NAN },
        { "[-Infinity]", JSON_NOTED_NAN },
        { "[\"NaN\"]", 0 },
        { "[\"\\ud83d\"]", JSON_NOTED_SURROGATE },
        { "[\"\\uDE00\"]", JSON_NOTED_SURROGATE },
        { "[\"\\ud83d\\ud83d\\ude00\"]", JSON_NOTED_SURROGATE },
        { "[\"\\ud83d\\n\"]", JSON_NOTED_SURROGATE },
        { "[\"\\ud83d\\u0041\"]", JSON_NOTED_SURROGATE },
        { "[\"\\ud7ff\\ue000\"]", 0 },
        { "[\"\\u0000\"]", JSON_NOTED_NUL },
        { "[18446744073709551615, -9223372036854775808]", 0 },
        { "[18446744073709551616]", JSON_NOTED_BIG_NUMBER },
        { "[-123456789012345678901234567890]", JSON_NOTED_BIG_NUMBER },
        { "[1e999]", JSON_NOTED_BIG_NUMBER },
        { "[1e300, 0.12345678901234567890123]", 0 },
        { "{\"a\": 1, \"b\": {\"a\": 1}}", 0 },
        { "{\"a\": 1, \"b\": 2, \"a\": 3}", JSON_NOTED_DUPLICATE_KEY },
        { "[{\"b\": {\"a\": 1, \"\\u0061\": 2}}]", JSON_NOTED_DUPLICATE_KEY },
        { "null", 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parse(*state, cases[i].text);
        if (json_noted(*state) != cases[i].noted)
            fail_msg("%s: noted %u, not %u", cases[i].text, json_noted(*state), cases[i].noted);
    }
}

static void the_canonical_form_does_not_depend_on_order_and_padding(void **state)
{
    static const char *const same[] = {
        "{\"a\":[1.50,{\"y\":true},null],\"b\":{},\"\xc3\xa9\":\"\xc3\xa9\"}",
        " { \"e\\u0301\" : \"e\xcc\x81\", \"b\" : { }, \"a\" : [ 1.50,"
        " { \"y\" : true, \"x\" : null }, null ], \"z\": {\"n\": null} } ",
    };
    struct buf out;
    struct error err;

    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        buf_init(&out, 1000);
        assert_ok(json_write_canonical(parse(*state, same[i]), &out, &err));
        assert_string_equal(out.data, same[0]);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(long_strings_are_read_like_short_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(any_number_of_long_strings_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(members_are_found_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(lookups_on_missing_values_return_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(members_are_found_without_regard_to_case, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(members_are_listed_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(escape_sequences_are_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lone_surrogate_becomes_a_replacement_character, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(integers_are_returned_only_if_they_fit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nan_and_infinity_are_read_as_null, setup, teardown),
        cmocka_unit_test_setup_teardown(json_is_written_as_it_was_read, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_are_written_with_their_original_digits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(invalid_json_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated_json_is_told_from_malformed_json, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_error_names_the_first_byte_that_is_not_utf8, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(json_nested_deeper_than_the_limit_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(raw_control_characters_are_kept_in_strings, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_canonical_form_does_not_depend_on_order_and_padding,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(deviations_from_json_are_noted, setup, teardown),
    };

    return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
