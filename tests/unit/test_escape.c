/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/text/escape.h"

static void assert_escaped(struct slice text, const char *want)
{
    struct error err;
    struct buf out;

    buf_init(&out, 10000);
    assert_ok(escape_add(&out, text, &err));
    assert_string_equal(out.data ? out.data : "", want);
    buf_release(&out);
}

static void text_of_any_language_is_not_escaped(void **state)
{
    static const char *const texts[] = {
        "", "plain, with\ta tab\nand a line",
        "caf\xc3\xa9 \xe6\xbc\xa2\xe5\xad\x97 \xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", /* an emoji with a joiner in it */
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_escaped(slice_text(texts[i]), texts[i]);
}

static void terminal_controls_are_escaped(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "\033[31mred\033[0m", "\\u001b[31mred\\u001b[0m" },
        { "\033]0;title\a", "\\u001b]0;title\\u0007" },
        { "a\rb", "a\\u000db" },
        { "a\bb\x7f", "a\\u0008b\\u007f" },
        { "\xc2\x9b"
          "31m",
          "\\u009b31m" }, /* CSI as a single C1 character */
        { "\xe2\x80\xae"
          "exe.txt",
          "\\u202eexe.txt" }, /* right-to-left override */
        { "\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069" },
        { "\xd8\x9c", "\\u061c" },
        { "\xe2\x80\xa8", "\\u2028" },
        { "\xef\xbb\xbfx", "\\ufeffx" },
        { "\xf3\xa0\x81\x81", "\\U000e0041" }, /* an invisible tag */
        { "a\xff\xc3", "a\\xff\\xc3" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_escaped(slice_text(cases[i].text), cases[i].want);
    assert_escaped(slice_of("a\0b", 3), "a\\u0000b");
}

static void a_line_is_escaped_to_a_limited_length(void **state)
{
    static const struct {
        const char *text, *want;
        size_t max_chars;
    } cases[] = {
        { "", "", 5 },
        { "", "", 0 },
        { "caf\xc3\xa9", "caf\xc3\xa9", 4 },
        { "caf\xc3\xa9", "caf\xe2\x80\xa6", 3 },
        { "a\nb",
          "a\xe2\x8f\x8e"
          "b",
          5 },
        { "a\tb\033\xff",
          "a\xef\xbf\xbd"
          "b\xef\xbf\xbd\xef\xbf\xbd",
          5 },
        { "x", "\xe2\x80\xa6", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err;
        struct buf out;

        buf_init(&out, 10000);
        assert_ok(escape_add_line(&out, slice_text(cases[i].text), cases[i].max_chars, &err));
        assert_string_equal(out.data ? out.data : "", cases[i].want);
        buf_release(&out);
    }
}

static void incomplete_characters_are_counted_in_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t want;
    } cases[] = {
        { "", 0 },
        { "a", 0 },
        { "\xc3", 1 },
        { "\xc3\xa9", 0 },
        { "\xe2\x80", 2 },
        { "\xe2\x80\xae", 0 },
        { "\xf0\x9f\x91", 3 },
        { "\xf0\x9f\x91\xa9", 0 },
        { "\x80\x80", 0 },
        { "a\xf0", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(escape_incomplete_tail(slice_text(cases[i].text)), cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_language_is_not_escaped),
        cmocka_unit_test(terminal_controls_are_escaped),
        cmocka_unit_test(a_line_is_escaped_to_a_limited_length),
        cmocka_unit_test(incomplete_characters_are_counted_in_bytes),
    };

    return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
