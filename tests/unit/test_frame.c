/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/io/frame.h"
#include "base/json/json.h"

enum { MAX_RECORDS = 8, LIMIT = 1000 };

struct want {
    const char *text; /* NULL ends a list */
    enum frame_issue issue;
};

/* The records of a stream as text, one a line. The stream is fed in pieces of `step` bytes. */
static void frame_all(struct slice stream, size_t limit, size_t step, struct buf *out)
{
    struct frame *frame = NULL;
    struct frame_record record;
    struct error err;

    buf_clear(out);
    assert_ok(frame_new(limit, &frame, &err));
    for (size_t at = 0; at <= stream.len; at += step) {
        const size_t left = stream.len - at;

        assert_ok(frame_feed(frame, stream.ptr + at, left < step ? left : step, &err));
        if (left <= step)
            frame_finish(frame);
        while (frame_next(frame, &record)) {
            assert_ok(buf_printf(out, &err, "%d %ju+%ju line %ju: ", (int)record.issue,
                                 (uintmax_t)record.byte_offset, (uintmax_t)record.byte_len,
                                 (uintmax_t)record.line));
            assert_ok(buf_add_slice(out, record.text, &err));
            assert_ok(buf_add(out, "\n", 1, &err));
        }
        if (left <= step)
            break;
    }
    frame_free(frame);
}

/* These are the records of the stream, fed in pieces of any size. */
static void assert_frames(struct slice stream, size_t limit, const char *want)
{
    struct buf got;

    buf_init(&got, 1 << 20);
    for (size_t step = 1; step <= stream.len + 1; step++) {
        frame_all(stream, limit, step, &got);
        assert_string_equal(buf_slice(&got).ptr, want);
    }
    buf_release(&got);
}

/* The same for streams of which only the texts and the issues matter. */
static void assert_records(const char *stream, const struct want *want)
{
    struct frame *frame = NULL;
    struct frame_record record;
    struct error err;

    for (int whole = 0; whole < 2; whole++) {
        const size_t step = whole ? strlen(stream) : 1;
        size_t n = 0, at = 0;

        assert_ok(frame_new(LIMIT, &frame, &err));
        do {
            const size_t left = strlen(stream) - at;
            const size_t take = left < step ? left : step;

            assert_ok(frame_feed(frame, stream + at, take, &err));
            at += take;
            if (!stream[at])
                frame_finish(frame);
            for (; frame_next(frame, &record); n++) {
                if (!want[n].text || record.issue != want[n].issue ||
                    !slice_equal(record.text, slice_text(want[n].text)))
                    fail_msg("in %s: record %zu is [%.*s] %d", stream, n, (int)record.text.len,
                             record.text.ptr, (int)record.issue);
            }
        } while (stream[at]);
        if (want[n].text)
            fail_msg("in %s: record %zu is missing", stream, n);
        frame_free(frame);
    }
}

static void json_values_may_be_separated_in_any_way(void **state)
{
    static const struct want want[] = { { "{\"a\":1}", FRAME_OK },
                                        { "{\"b\":[2]}", FRAME_OK },
                                        { NULL, FRAME_OK } };
    static const char *const streams[] = {
        "{\"a\":1}\n{\"b\":[2]}\n",
        "{\"a\":1}\r\n{\"b\":[2]}",
        "{\"a\":1}{\"b\":[2]}",
        "\n\n  {\"a\":1}\n\n\t{\"b\":[2]}\n\n",
        "{\"a\":1},\n{\"b\":[2]},\n",
        "[{\"a\":1},{\"b\":[2]}]",
        "[\n  {\"a\":1},\n  {\"b\":[2]},\n]\n",
        "[{\"a\":1} {\"b\":[2]}]",
        "[{\"a\":1}]\n{\"b\":[2]}",
        "[{\"a\":1}][{\"b\":[2]}]",
        "[]{\"a\":1}[]\n[\n]{\"b\":[2]}",
        "\xef\xbb\xbf{\"a\":1}\n{\"b\":[2]}",
        "\xef\xbb\xbf[{\"a\":1}]\n\xef\xbb\xbf[{\"b\":[2]}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        assert_records(streams[i], want);
}

static void a_list_of_messages_is_one_record(void **state)
{
    static const struct want one[] = { { "[{\"role\":1},{\"role\":2}]", FRAME_OK },
                                       { "[\n {\r\n\"from\":1}]", FRAME_OK },
                                       { NULL, FRAME_OK } };
    static const struct want elements[] = { { "[{\"role\":1}]", FRAME_OK },
                                            { "{\"rule\":1}", FRAME_OK },
                                            { "{\"x\":2,\"role\":1}", FRAME_OK },
                                            { NULL, FRAME_OK } };
    static const struct want cut[] = { { "[{\"role\":1},", FRAME_TRUNCATED },
                                       { NULL, FRAME_OK } };

    (void)state;
    assert_records("[{\"role\":1},{\"role\":2}]\n[\n {\r\n\"from\":1}]\n", one);
    assert_records("[[{\"role\":1}],\n{\"rule\":1}]\n[ {\"x\":2,\"role\":1}]", elements);
    assert_records("[{\"role\":1},", cut);
}

static void an_empty_stream_has_no_records(void **state)
{
    static const struct want none[] = { { NULL, FRAME_OK } };
    static const char *const streams[] = {
        "", "\n", "  \r\n\t", "[]", "[\n\n]\n", "[,]", "\xef\xbb\xbf", "\xef\xbb\xbf\n"
    };

    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        assert_records(streams[i], none);
}

static void a_value_over_several_lines_is_one_record(void **state)
{
    (void)state;
    assert_records("{\n  \"a\": {\n    \"b\": [\n      {},\n      {}\n    ]\n  }\n}\n{}",
                   (struct want[]){ { "{\n  \"a\": {\n    \"b\": [\n      {},\n      {}\n    ]"
                                      "\n  }\n}",
                                      FRAME_OK },
                                    { "{}", FRAME_OK },
                                    { NULL, FRAME_OK } });
    /* Without indentation each line looks like the start of a value; the value is still
     * found. */
    assert_records("{\"a\": [\n{\"b\":\n{}},\n{}\n]}\n{}",
                   (struct want[]){ { "{\"a\": [\n{\"b\":\n{}},\n{}\n]}", FRAME_OK },
                                    { "{}", FRAME_OK },
                                    { NULL, 0 } });
}

static void brackets_in_strings_do_not_count(void **state)
{
    static const char *const values[] = {
        "{\"a\": \"}{][\"}",          "{\"a\": \"\\\"}\"}",   "{\"a\\\\\": \"\\\\\"}",
        "{\"\\\\\\\"{\": \"[\\\\\"}", "{\"a\": \"\\u007d\"}", "{\"a\": \"\xc3\xa4}\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char stream[100];

        snprintf(stream, sizeof stream, "[%s,%s]", values[i], values[i]);
        assert_records(stream, (struct want[]){ { values[i], 0 }, { values[i], 0 }, { 0 } });
        snprintf(stream, sizeof stream, "%s\n%s", values[i], values[i]);
        assert_records(stream, (struct want[]){ { values[i], 0 }, { values[i], 0 }, { 0 } });
    }
}

static void scalars_are_records(void **state)
{
    (void)state;
    assert_records("123 -1.5e+3\n\"te[xt\",true[null,\"\"]NaN",
                   (struct want[]){ { "123", FRAME_OK },
                                    { "-1.5e+3", FRAME_OK },
                                    { "\"te[xt\"", FRAME_OK },
                                    { "true", FRAME_OK },
                                    { "null", FRAME_OK },
                                    { "\"\"", FRAME_OK },
                                    { "NaN", FRAME_OK },
                                    { NULL, FRAME_OK } });
    assert_records("[[1,2],[3]]",
                   (struct want[]){ { "[1,2]", FRAME_OK }, { "[3]", FRAME_OK }, { 0 } });
}

static void each_record_has_its_line_and_byte_offset(void **state)
{
    (void)state;
    assert_frames(slice_text("{}\n\n  {\n}\n[1,\n\"x\"]"), LIMIT,
                  "0 0+2 line 1: {}\n"
                  "0 6+3 line 3: {\n}\n"
                  "0 11+1 line 5: 1\n"
                  "0 14+3 line 6: \"x\"\n");
    assert_frames(slice_text("\xef\xbb\xbf{}"), LIMIT, "0 3+2 line 1: {}\n");
}

static void a_truncated_line_does_not_spoil_the_next_one(void **state)
{
    static const char *const cut[] = {
        "{\"a\": \"te",
        "{\"a\": \"te\\",
        "{\"a\": \"text\"",
        "{\"a\"",
        "{\"a\": 12",
        "{\"a\": tru",
        "{\"a\": {\"b\": 1}",
        "{\"a\": 1,",
        "{\"a\": [{\"b\": 1}",
        "{",
        "{\"a\": [1, 2",
        "{\"a\":",
        "{\"a\": [{\"b\": 1},",
        "{\"a\": [",
        "{\"a\": {\"b\": \"x\", \"c\":",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        char stream[200];

        /* In the middle of the stream, and before a single line. */
        snprintf(stream, sizeof stream, "{\"n\":1}\n%s\n{\"n\":2}\n{\"n\":3}\n", cut[i]);
        assert_records(stream, (struct want[]){ { "{\"n\":1}", FRAME_OK },
                                                { cut[i], FRAME_TRUNCATED },
                                                { "{\"n\":2}", FRAME_OK },
                                                { "{\"n\":3}", FRAME_OK },
                                                { NULL, FRAME_OK } });
        snprintf(stream, sizeof stream, "%s\n{\"n\":2}\n", cut[i]);
        assert_records(stream, (struct want[]){ { cut[i], FRAME_TRUNCATED },
                                                { "{\"n\":2}", FRAME_OK },
                                                { NULL, FRAME_OK } });
        /* An indented element of an array. */
        snprintf(stream, sizeof stream, "[\n  %s\n  {\"n\":2},\n  {\"n\":3}\n]\n", cut[i]);
        assert_records(stream, (struct want[]){ { cut[i], FRAME_TRUNCATED },
                                                { "{\"n\":2}", FRAME_OK },
                                                { "{\"n\":3}", FRAME_OK },
                                                { NULL, FRAME_OK } });
        assert_records(cut[i],
                       (struct want[]){ { cut[i], FRAME_TRUNCATED }, { NULL, FRAME_OK } });
    }
}

static void a_wrong_bracket_spoils_its_line_only(void **state)
{
    (void)state;
    assert_records("{\"a\": [1}, 2\n{}", (struct want[]){ { "{\"a\": [1}, 2", FRAME_BROKEN },
                                                          { "{}", FRAME_OK },
                                                          { NULL, FRAME_OK } });
    assert_records(
        "{\"a\": 1 {\"b\": 2}\n{}",
        (struct want[]){ { "{\"a\": 1 {\"b\": 2}", FRAME_BROKEN }, { "{}", FRAME_OK }, { 0 } });
    /* At the start of its line, so it may begin a good record. */
    assert_records("[\n{\"a\": 1,\n]\n{}", (struct want[]){ { "{\"a\": 1,", FRAME_TRUNCATED },
                                                            { "{}", FRAME_OK },
                                                            { NULL, FRAME_OK } });
}

static void a_wrong_bracket_in_an_array_spoils_its_element_only(void **state)
{
    static const struct {
        const char *stream;
        struct want want[MAX_RECORDS];
    } cases[] = {
        { "[{\"id\":1,\"a\":[2},{\"id\":3},{\"id\":4}]",
          { { "{\"id\":1,\"a\":[2}", FRAME_BROKEN },
            { "{\"id\":3}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
        { "[{\"id\":1,\"a\":{\"b\":2},{\"id\":3}, {\"id\":4}]",
          { { "{\"id\":1,\"a\":{\"b\":2}", FRAME_BROKEN },
            { "{\"id\":3}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
        { "[{\"id\":1,\"a\":[{\"b\":2},{\"id\":3} , {\"id\":4}]",
          { { "{\"id\":1,\"a\":[{\"b\":2}", FRAME_BROKEN },
            { "{\"id\":3}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
        { "[{\"id\":1,\"a\":\"b},{\"id\":3,\"a\":\"c\"},{\"id\":4}]\n",
          { { "{\"id\":1,\"a\":\"b}", FRAME_BROKEN },
            { "{\"id\":3,\"a\":\"c\"}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
        { "[{\"id\":1}},{\"id\":3},{\"id\":4}]",
          { { "{\"id\":1}", FRAME_OK },
            { "}", FRAME_BROKEN },
            { "{\"id\":3}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
        { "[{\"id\":1},nonsense, {\"x\":3},{\"id\":4}]",
          { { "{\"id\":1}", FRAME_OK },
            { "nonsense", FRAME_BROKEN },
            { "{\"x\":3}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
        { "[{\"id\":1,\"a\":[2},{\"no\":\"{\\\"id\\\"\"},{\"id\" :3},{\"id\":4}]",
          { { "{\"id\":1,\"a\":[2},{\"no\":\"{\\\"id\\\"\"}", FRAME_BROKEN },
            { "{\"id\" :3}", FRAME_OK },
            { "{\"id\":4}", FRAME_OK } } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_records(cases[i].stream, cases[i].want);
}

static void stray_bytes_are_one_broken_record_up_to_the_line_end(void **state)
{
    (void)state;
    assert_records("{}\n} {}\n] 1\n: x\n\x01\n{}", (struct want[]){ { "{}", FRAME_OK },
                                                                    { "} {}", FRAME_BROKEN },
                                                                    { "1", FRAME_OK },
                                                                    { ": x", FRAME_BROKEN },
                                                                    { "\x01", FRAME_BROKEN },
                                                                    { "{}", FRAME_OK },
                                                                    { NULL, FRAME_OK } });
    assert_records("instruction,output\nthis is, text\n",
                   (struct want[]){ { "instruction,output", FRAME_BROKEN },
                                    { "this is, text", FRAME_BROKEN },
                                    { NULL, FRAME_OK } });
    assert_records("\xef\xbb{}\n{}", (struct want[]){ { "\xef\xbb{}", FRAME_BROKEN },
                                                      { "{}", FRAME_OK },
                                                      { NULL, FRAME_OK } });
}

static void an_unclosed_array_is_reported_once(void **state)
{
    (void)state;
    assert_frames(slice_text("[{}, {}\n"), LIMIT,
                  "0 1+2 line 1: {}\n0 5+2 line 1: {}\n1 8+0 line 2: \n");
    assert_frames(slice_text("[{},"), LIMIT, "0 1+2 line 1: {}\n1 4+0 line 1: \n");
    assert_frames(slice_text("["), LIMIT, "1 1+0 line 1: \n");
    /* The truncated element is reported, so the unclosed array is not. */
    assert_frames(slice_text("[{}, {\"a\""), LIMIT, "0 1+2 line 1: {}\n1 5+4 line 1: {\"a\"\n");
}

static void text_in_utf16_or_utf32_is_one_broken_record(void **state)
{
    static const struct slice streams[] = {
        { "\xff\xfe{\0\n\0}\0", 8 },
        { "\xfe\xff\0{\0\n\0}", 8 },
        { "\0\0\xfe\xff\0\0\0{", 8 },
        { "\xff\xfe\0\0{\0\0\0", 8 },
    };
    struct buf got;

    (void)state;
    buf_init(&got, 1000);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        frame_all(streams[i], LIMIT, 1, &got);
        assert_memory_equal(got.data, "2 0+8 line 1: ", 14);
        assert_int_equal(got.len, 14 + 8 + 1);
    }
    buf_release(&got);
}

static void a_record_that_is_too_long_is_skipped(void **state)
{
    (void)state;
    assert_frames(slice_text("{\"a\":1}\n{\"a\":12}{}\n"), 7,
                  "0 0+7 line 1: {\"a\":1}\n"
                  "3 8+8 line 2: {\"a\":12\n"
                  "0 16+2 line 2: {}\n");
    assert_frames(slice_text("[\"0123456789\", 1234567890]\n{}"), 5,
                  "3 1+12 line 1: \"0123\n"
                  "3 15+10 line 1: 12345\n"
                  "0 27+2 line 2: {}\n");
    assert_frames(slice_text("{\"a\": \"0123456789\n{}"), 5,
                  "1 0+17 line 1: {\"a\":\n"
                  "0 18+2 line 2: {}\n");
}

/* Framing keeps no more than the limit and one piece, however long the record is. */
static void memory_does_not_grow_with_the_length_of_a_record(void **state)
{
    enum { PIECE = 4096, PIECES = 20000 };
    struct frame *frame = NULL;
    struct frame_record record;
    struct error err;
    char piece[PIECE];

    (void)state;
    memset(piece, 'x', sizeof piece);
    assert_ok(frame_new(LIMIT, &frame, &err));
    assert_ok(frame_feed(frame, "{\"a\":\"", 6, &err));
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(frame_next(frame, &record), 0);
        assert_ok(frame_feed(frame, piece, sizeof piece, &err));
    }
    assert_ok(frame_feed(frame, "\"}", 2, &err));

    assert_int_equal(frame_next(frame, &record), 1);
    assert_int_equal(record.issue, FRAME_TOO_LONG);
    assert_int_equal(record.byte_len, (uint64_t)PIECE * PIECES + 8);
    assert_int_equal(record.text.len, LIMIT);
    assert_memory_equal(record.text.ptr, "{\"a\":\"xxx", 9);
    frame_free(frame);
    frame_free(NULL);
}

static void a_record_nested_too_deep_is_reported(void **state)
{
    struct buf stream, got;
    struct error err;

    (void)state;
    buf_init(&stream, 10000);
    buf_init(&got, 10000);
    for (int extra = 0; extra < 2; extra++) {
        const int depth = JSON_MAX_DEPTH + extra;

        buf_clear(&stream);
        assert_ok(buf_add_text(&stream, "{\"a\":", &err));
        for (int i = 1; i < depth; i++)
            assert_ok(buf_add_text(&stream, "[", &err));
        for (int i = 1; i < depth; i++)
            assert_ok(buf_add_text(&stream, "]", &err));
        assert_ok(buf_add_text(&stream, "}\n{}", &err));
        frame_all(buf_slice(&stream), LIMIT, 3, &got);
        assert_int_equal(got.data[0], '0' + (extra ? FRAME_TOO_DEEP : FRAME_OK));
        assert_memory_equal(got.data + got.len - 3, "{}\n", 3);
    }
    buf_release(&stream);
    buf_release(&got);
}

/* Each unclosed line could make the parser start over at the next line. */
static void hostile_lines_do_not_slow_framing_down(void **state)
{
    enum { LINES = 30000 };
    struct buf stream, got;
    struct error err;

    (void)state;
    buf_init(&stream, 1 << 20);
    buf_init(&got, 1 << 24);
    for (int i = 0; i < LINES; i++)
        assert_ok(buf_add_text(&stream, i % 100 == 99 ? "}\n" : "{\"a\":\n", &err));
    frame_all(buf_slice(&stream), 1 << 20, 1000, &got);

    assert_true(got.len > 0);
    buf_release(&stream);
    buf_release(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_values_may_be_separated_in_any_way),
        cmocka_unit_test(a_list_of_messages_is_one_record),
        cmocka_unit_test(an_empty_stream_has_no_records),
        cmocka_unit_test(a_value_over_several_lines_is_one_record),
        cmocka_unit_test(brackets_in_strings_do_not_count),
        cmocka_unit_test(scalars_are_records),
        cmocka_unit_test(each_record_has_its_line_and_byte_offset),
        cmocka_unit_test(a_truncated_line_does_not_spoil_the_next_one),
        cmocka_unit_test(a_wrong_bracket_spoils_its_line_only),
        cmocka_unit_test(a_wrong_bracket_in_an_array_spoils_its_element_only),
        cmocka_unit_test(stray_bytes_are_one_broken_record_up_to_the_line_end),
        cmocka_unit_test(an_unclosed_array_is_reported_once),
        cmocka_unit_test(text_in_utf16_or_utf32_is_one_broken_record),
        cmocka_unit_test(a_record_that_is_too_long_is_skipped),
        cmocka_unit_test(memory_does_not_grow_with_the_length_of_a_record),
        cmocka_unit_test(a_record_nested_too_deep_is_reported),
        cmocka_unit_test(hostile_lines_do_not_slow_framing_down),
    };

    return cmocka_run_group_tests_name("base/frame", tests, NULL, NULL);
}
