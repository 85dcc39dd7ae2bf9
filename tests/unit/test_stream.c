/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/io/stream.h"
#include "base/text/utf8.h"
#include "tests/support/open_bytes.h"

enum { N_ENCODINGS = 4, CHARACTERS = 40000 };

static const char *const names[N_ENCODINGS] = { "UTF-16LE", "UTF-16BE", "UTF-32LE",
                                                "UTF-32BE" };

static void add_number(struct buf *out, uint32_t value, size_t n_bytes, bool big)
{
    struct error err;

    for (size_t i = 0; i < n_bytes; i++) {
        const char byte = (char)(value >> 8 * (big ? n_bytes - 1 - i : i));
        assert_ok(buf_add(out, &byte, 1, &err));
    }
}

static void add_character(struct buf *out, uint32_t code, size_t encoding)
{
    const bool big = encoding % 2 == 1;

    if (encoding >= 2) {
        add_number(out, code, 4, big);
    } else if (code < 0x10000) {
        add_number(out, code, 2, big);
    } else {
        add_number(out, 0xd800 + ((code - 0x10000) >> 10), 2, big);
        add_number(out, 0xdc00 + ((code - 0x10000) & 0x3ff), 2, big);
    }
}

static void add_utf8(struct buf *out, uint32_t code)
{
    const unsigned char bytes[] = { (unsigned char)(0xf0 | code >> 18),
                                    (unsigned char)(0x80 | (code >> 12 & 0x3f)),
                                    (unsigned char)(0x80 | (code >> 6 & 0x3f)),
                                    (unsigned char)(0x80 | (code & 0x3f)) };
    struct error err;

    if (code < 0x80)
        assert_ok(buf_printf(out, &err, "%c", (int)code));
    else if (code < 0x800)
        assert_ok(buf_printf(out, &err, "%c%c", (int)(0xc0 | code >> 6), bytes[3]));
    else if (code < 0x10000)
        assert_ok(
            buf_printf(out, &err, "%c%c%c", (int)(0xe0 | code >> 12), bytes[2], bytes[3]));
    else
        assert_ok(buf_add(out, bytes, 4, &err));
}

/* The same characters in UTF-8 and in the wide encoding with its byte order mark: characters of
 * each length in UTF-8. */
static void make(size_t encoding, size_t n, struct buf *wide, struct buf *utf8)
{
    static const uint32_t codes[] = { 0xfeff, 'a',    '\n',    0xe4,    0x7ff,
                                      0x20ac, 0xffff, 0x10000, 0x1f600, 0x10ffff };
    const size_t n_codes = sizeof codes / sizeof codes[0];

    buf_init(wide, 1 << 20);
    buf_init(utf8, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        const uint32_t code = i < n_codes ? codes[i] : codes[1 + i * i % (n_codes - 1)];

        add_character(wide, code, encoding);
        add_utf8(utf8, code);
    }
}

static void read_all(struct stream *stream, size_t step, struct buf *out)
{
    char bytes[70000];
    struct error err;
    ssize_t n;

    buf_init(out, 1 << 20);
    while ((n = stream_read(stream, bytes, step, &err)) > 0) {
        assert_true((size_t)n <= step);
        assert_ok(buf_add(out, bytes, (size_t)n, &err));
    }
    assert_ok((int)n);
}

static void utf16_and_utf32_are_converted_to_utf8(void **state)
{
    static const size_t steps[] = { 16, 17, 1000, 70000 };

    (void)state;
    for (size_t e = 0; e < N_ENCODINGS; e++) {
        struct buf wide, utf8, got;
        struct stream *stream = NULL;
        struct error err;

        make(e, CHARACTERS, &wide, &utf8);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            assert_ok(stream_open_bytes(wide.data, wide.len, true, &stream, &err));
            read_all(stream, steps[i], &got);
            assert_string_equal(stream_encoding(stream), names[e]);
            assert_true(slice_equal(buf_slice(&got), buf_slice(&utf8)));
            buf_release(&got);
            stream_close(stream);
        }
        buf_release(&wide);
        buf_release(&utf8);
    }
}

static void a_converted_stream_resumes_at_any_character(void **state)
{
    (void)state;
    for (size_t e = 0; e < N_ENCODINGS; e++) {
        struct buf wide, utf8, got;

        make(e, 60, &wide, &utf8);
        for (size_t offset = 0; offset <= utf8.len; offset++) {
            const struct inflate_mark start = { 0, 0 };
            struct stream *stream = NULL;
            struct error err;

            assert_ok(stream_open_bytes(wide.data, wide.len, true, &stream, &err));
            assert_ok(stream_resume(stream, &start, offset, &err));
            read_all(stream, 1000, &got);
            assert_true(
                slice_equal(buf_slice(&got), slice_of(utf8.data + offset, utf8.len - offset)));
            buf_release(&got);
            stream_close(stream);
        }
        buf_release(&wide);
        buf_release(&utf8);
    }
}

static void bytes_of_other_encodings_are_passed_on(void **state)
{
    static const struct slice cases[] = { { "", 0 },       { "{", 1 },
                                          { "{}\n[]", 5 }, { "\xef\xbb\xbf{}", 5 },
                                          { "\xff", 1 },   { "\xfe\xfe\xff", 3 } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stream *stream = NULL;
        struct error err;
        struct buf got;

        assert_ok(stream_open_bytes(cases[i].ptr, cases[i].len, true, &stream, &err));
        read_all(stream, 1000, &got);
        assert_null(stream_encoding(stream));
        assert_true(slice_equal(buf_slice(&got), cases[i]));
        buf_release(&got);
        stream_close(stream);
    }
}

static void invalid_characters_become_invalid_utf8(void **state)
{
    static const struct {
        struct slice bytes;
        size_t bad_at;
    } cases[] = {
        { { "\xff\xfe"
            "a\0\x3d\xd8",
            6 },
          4 }, /* the first half of a pair, at the end */
        { { "\xff\xfe"
            "\x3d\xd8"
            "a\0",
            6 },
          3 }, /* the first half of a pair, before a letter */
        { { "\xff\xfe"
            "\0\xdc",
            4 },
          3 }, /* the second half of a pair alone */
        { { "\xff\xfe"
            "a\0b",
            5 },
          4 },                                  /* half a unit */
        { { "\0\0\xfe\xff\0\x11\0\0", 8 }, 3 }, /* above U+10FFFF */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stream *stream = NULL;
        struct error err;
        struct buf got;

        assert_ok(
            stream_open_bytes(cases[i].bytes.ptr, cases[i].bytes.len, true, &stream, &err));
        read_all(stream, 16, &got);
        assert_int_equal(utf8_bad_at(buf_slice(&got)), cases[i].bad_at);
        buf_release(&got);
        stream_close(stream);
    }
}

static void bytes_are_not_converted_without_transcode(void **state)
{
    static const char bytes[] = { '\xff', '\xfe', 'a', '\0' };
    struct stream *stream = NULL;
    struct error err;
    struct buf got;

    (void)state;
    assert_ok(stream_open_bytes(bytes, sizeof bytes, false, &stream, &err));
    read_all(stream, 16, &got);
    assert_true(slice_equal(buf_slice(&got), slice_of(bytes, sizeof bytes)));
    buf_release(&got);
    stream_close(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf16_and_utf32_are_converted_to_utf8),
        cmocka_unit_test(a_converted_stream_resumes_at_any_character),
        cmocka_unit_test(bytes_of_other_encodings_are_passed_on),
        cmocka_unit_test(invalid_characters_become_invalid_utf8),
        cmocka_unit_test(bytes_are_not_converted_without_transcode),
    };

    return cmocka_run_group_tests_name("base/stream", tests, NULL, NULL);
}
