/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text/utf8.h"

enum { LAST_CODE = 0x10ffff };

static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code < 0xe000;
}

static void every_unicode_character_is_valid_utf8(void **state)
{
    char bytes[8];

    (void)state;
    for (uint32_t code = 0; code <= LAST_CODE; code++) {
        const size_t n = encode(code, bytes);

        if (is_surrogate(code)) {
            assert_int_equal(utf8_bad_at(slice_of(bytes, n)), 0);
            continue;
        }
        assert_int_equal(utf8_bad_at(slice_of(bytes, n)), n);
        assert_int_equal(utf8_char_len(slice_of(bytes, n)), n);
        for (size_t cut = 1; cut < n; cut++) {
            assert_int_equal(utf8_bad_at(slice_of(bytes, cut)), 0);
            assert_int_equal(utf8_char_len(slice_of(bytes, cut)), 1);
        }
    }
}

static void the_first_invalid_byte_is_reported(void **state)
{
    static const struct {
        const char *bytes;
        size_t bad_at;
    } cases[] = {
        { "\x80", 0 },                         /* a continuation byte without a first byte */
        { "ab\xff", 2 },                       /* never a byte of UTF-8 */
        { "\xc0\xaf", 0 },                     /* overlong */
        { "\xc1\xbf", 0 },                     /* overlong */
        { "\xe0\x9f\xbf", 0 },                 /* overlong */
        { "\xf0\x8f\xbf\xbf", 0 },             /* overlong */
        { "\xed\xa0\x80", 0 },                 /* surrogate */
        { "\xf4\x90\x80\x80", 0 },             /* above U+10FFFF */
        { "\xf5\x80\x80\x80", 0 },             /* above U+10FFFF */
        { "\xe2\x80", 0 },                     /* truncated */
        { "\xe2\x80x", 0 },                    /* truncated */
        { "\xc3\xa4\xc3", 2 },                 /* truncated */
        { "0123456789abcdef0123456\xc3", 23 }, /* after words of ASCII */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_bad_at(slice_text(cases[i].bytes)), cases[i].bad_at);
    assert_int_equal(utf8_bad_at(slice_of(NULL, 0)), 0);
    assert_int_equal(utf8_char_len(slice_of(NULL, 0)), 0);
}

static void an_invalid_byte_is_found_at_any_place(void **state)
{
    char text[70];

    (void)state;
    for (size_t n = 1; n <= sizeof text; n++) {
        for (size_t at = 0; at < n; at++) {
            memset(text, 'a', n);
            text[at] = '\xff';
            assert_int_equal(utf8_bad_at(slice_of(text, n)), at);
        }
    }
}

/* Append the canonical form to `out`, which has room for len bytes. */
static void canonical(struct slice text, struct buf *out)
{
    struct error err;

    buf_clear(out);
    assert_ok(utf8_canonical(text, out, &err));
}

static void text_is_normalised_to_nfc(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "plain", "plain" },
        { "a\r\nb\rc\n\r\n", "a\nb\nc\n\n" },
        { "\r", "\n" },
        { "a\xe2\x80\xa8"
          "b\xe2\x80\xa8\r\n\xe2\x80\xa9",
          "a\nb\n\n\xe2\x80\xa9" },
        { "e\xe2\x80\xa8\xcc\x81", "e\n\xcc\x81" },
        { "\r\r\n\r", "\n\n\n" },
        { "e\xcc\x81", "\xc3\xa9" }, /* e and an acute accent */
        { "xe\xcc\x81\r\ne\xcc\x81", "x\xc3\xa9\n\xc3\xa9" },
        { "\xe2\x84\xab", "\xc3\x85" }, /* Angstrom sign */
        { "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",
          "\xea\xb0\x81" },                             /* the parts of a Hangul syllable */
        { "\xea\xb0\x80\xe1\x86\xa8", "\xea\xb0\x81" }, /* a syllable and its final */
        { "a\xcc\xa3\xcc\x82", "\xe1\xba\xad" },        /* two marks */
        { "a\xcc\x82\xcc\xa3", "\xe1\xba\xad" },        /* the same in another order */
        { "\xcc\x81x", "\xcc\x81x" },                   /* a mark without a base */
        { "\xef\xac\x81", "\xef\xac\x81" },             /* ligature: compatibility only */
        { "\xe2\x80\x9cquoted\xe2\x80\x9d", "\xe2\x80\x9cquoted\xe2\x80\x9d" },
    };
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        canonical(slice_text(cases[i].text), &out);
        assert_string_equal(buf_slice(&out).ptr, cases[i].want);
        if (strcmp(cases[i].text, cases[i].want) != 0)
            assert_false(utf8_is_canonical(slice_text(cases[i].text)));
    }
    canonical(slice_of("a\0\r\0", 4), &out);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "a\0\n\0", 4);
    buf_release(&out);
}

/* A run of so many marks that it does not fit the buffer on the stack. */
static void long_runs_of_marks_are_normalised(void **state)
{
    struct buf text, out;
    struct error err;

    (void)state;
    buf_init(&text, 10000);
    buf_init(&out, 10000);
    for (int i = 0; i < 1000; i++)
        assert_ok(buf_add(&text, "\xcc\x81", 2, &err));
    assert_ok(buf_add_text(&text, "e\xcc\x81", &err));
    canonical(buf_slice(&text), &out);

    assert_int_equal(out.len, 2002);
    assert_memory_equal(out.data + 1998, "\xcc\x81\xc3\xa9", 4);
    buf_release(&text);
    buf_release(&out);
}

/* Characters that may change after another one: NFC_Quick_Check=Maybe of the Unicode Character
 * Database, version 14, and the marks of combining class 1. */
static const struct {
    uint32_t first;
    uint32_t last;
} combining[] = {
    { 0x0300, 0x0304 },   { 0x0306, 0x030c },   { 0x030f, 0x030f },   { 0x0311, 0x0311 },
    { 0x0313, 0x0314 },   { 0x031b, 0x031b },   { 0x0323, 0x0328 },   { 0x032d, 0x032e },
    { 0x0330, 0x0331 },   { 0x0334, 0x0338 },   { 0x0342, 0x0342 },   { 0x0345, 0x0345 },
    { 0x0653, 0x0655 },   { 0x093c, 0x093c },   { 0x09be, 0x09be },   { 0x09d7, 0x09d7 },
    { 0x0b3e, 0x0b3e },   { 0x0b56, 0x0b57 },   { 0x0bbe, 0x0bbe },   { 0x0bd7, 0x0bd7 },
    { 0x0c56, 0x0c56 },   { 0x0cc2, 0x0cc2 },   { 0x0cd5, 0x0cd6 },   { 0x0d3e, 0x0d3e },
    { 0x0d57, 0x0d57 },   { 0x0dca, 0x0dca },   { 0x0dcf, 0x0dcf },   { 0x0ddf, 0x0ddf },
    { 0x102e, 0x102e },   { 0x1161, 0x1175 },   { 0x11a8, 0x11c2 },   { 0x1b35, 0x1b35 },
    { 0x1cd4, 0x1cd4 },   { 0x1ce2, 0x1ce8 },   { 0x20d2, 0x20d3 },   { 0x20d8, 0x20da },
    { 0x20e5, 0x20e6 },   { 0x20ea, 0x20eb },   { 0x3099, 0x309a },   { 0x10a39, 0x10a39 },
    { 0x110ba, 0x110ba }, { 0x11127, 0x11127 }, { 0x1133e, 0x1133e }, { 0x11357, 0x11357 },
    { 0x114b0, 0x114b0 }, { 0x114ba, 0x114ba }, { 0x114bd, 0x114bd }, { 0x115af, 0x115af },
    { 0x11930, 0x11930 }, { 0x16af0, 0x16af4 }, { 0x1bc9e, 0x1bc9e }, { 0x1d167, 0x1d169 }
};

/*
 * utf8_canonical() copies what it knows to be stable, so each such character is tested with a
 * mark after it, which must be passed to the real normaliser. U+0334 combines with nothing and
 * has the lowest class of all: only a character that changes by itself, or has a higher class,
 * does not stay before it.
 */
static void text_reported_as_canonical_does_not_change(void **state)
{
    struct buf out;
    size_t n_canonical = 0;

    (void)state;
    buf_init(&out, 100);
    for (uint32_t code = 0x80; code <= LAST_CODE; code++) {
        char bytes[8];
        size_t n = encode(code, bytes);

        if (is_surrogate(code) || !utf8_is_canonical(slice_of(bytes, n)))
            continue;
        n += encode(0x334, bytes + n);
        canonical(slice_of(bytes, n), &out);
        assert_true(slice_equal(buf_slice(&out), slice_of(bytes, n)));
        n_canonical++;
    }
    assert_true(n_canonical > 40000);
    buf_release(&out);
}

static void text_that_may_combine_is_not_reported_as_canonical(void **state)
{
    char bytes[8];

    (void)state;
    for (size_t i = 0; i < sizeof combining / sizeof *combining; i++)
        for (uint32_t code = combining[i].first; code <= combining[i].last; code++)
            assert_false(utf8_is_canonical(slice_of(bytes, encode(code, bytes))));
}

static void normalising_stays_within_the_limit_of_the_buffer(void **state)
{
    struct buf out;
    struct error err;

    (void)state;
    buf_init(&out, 3);
    assert_fails(utf8_canonical(slice_text("abcd"), &out, &err), ERR_INPUT, "3 bytes");
    assert_fails(utf8_canonical(slice_text("ab\rcd"), &out, &err), ERR_INPUT, "3 bytes");
    assert_fails(utf8_canonical(slice_text("e\xcc\x81xy"), &out, &err), ERR_INPUT, "3 bytes");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unicode_character_is_valid_utf8),
        cmocka_unit_test(the_first_invalid_byte_is_reported),
        cmocka_unit_test(an_invalid_byte_is_found_at_any_place),
        cmocka_unit_test(text_is_normalised_to_nfc),
        cmocka_unit_test(long_runs_of_marks_are_normalised),
        cmocka_unit_test(text_reported_as_canonical_does_not_change),
        cmocka_unit_test(text_that_may_combine_is_not_reported_as_canonical),
        cmocka_unit_test(normalising_stays_within_the_limit_of_the_buffer),
    };

    return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
