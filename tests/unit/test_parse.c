/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/io/frame.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"

struct fixture {
    struct format_options options;
    struct parser *parser;
    struct arena arena;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    f->options.input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES;
    assert_ok(parser_new(&f->options, &f->parser, &err));
    arena_init(&f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    parser_free(f->parser);
    arena_release(&f->arena);
    test_free(f);
    return 0;
}

static struct parsed parse(struct fixture *f, struct slice text, enum frame_issue issue,
                           const char *format, bool forced)
{
    const struct frame_record record = {
        .text = text, .byte_len = text.len, .byte_offset = 70, .line = 7, .issue = issue
    };
    const struct format *found = format ? format_find(format) : NULL;
    struct parsed parsed;
    struct error err;

    assert_ok(parse_record(f->parser, &record, found, forced, &f->arena, &parsed, &err));
    return parsed;
}

static void every_bad_record_is_rejected_with_its_defect(void **state)
{
    static const struct {
        const char *text;
        enum frame_issue issue;
        enum defect defect;
        const char *detail;
    } cases[] = {
        { "[1,2]", FRAME_OK, DEFECT_NOT_AN_OBJECT, "no object" },
        { "\"text\"", FRAME_OK, DEFECT_NOT_AN_OBJECT, "no object" },
        { "null", FRAME_OK, DEFECT_NOT_AN_OBJECT, "no object" },
        { "{}", FRAME_OK, DEFECT_EMPTY_RECORD, "without members" },
        { "{\"a\":1}", FRAME_OK, DEFECT_UNKNOWN_SHAPE, "members: a" },
        { "{\"text\":\"\"}", FRAME_OK, DEFECT_EMPTY_RECORD, "no text" },
        { "{\"messages\":[{\"content\":\"y\"}]}", FRAME_OK, DEFECT_MISSING_CONTENT, "whose" },
        { "{\"text\" \"a\"}", FRAME_OK, DEFECT_BAD_JSON, "at byte 8" },
        { "{\"text\":\"a\377\"}", FRAME_OK, DEFECT_BAD_UTF8, "at byte 10" },
        { "\377\376{", FRAME_OK, DEFECT_BAD_UTF8, "iconv" },
        { "\376\377{", FRAME_BROKEN, DEFECT_BAD_UTF8, "iconv" },
        { "{\"text\":\"a", FRAME_TRUNCATED, DEFECT_TRUNCATED, "ends inside" },
        { "{\"text\":]", FRAME_BROKEN, DEFECT_BAD_JSON, "at byte 8" },
        { "{\"text\":\"a\"}", FRAME_TOO_LONG, DEFECT_TOO_LONG, "--max-record" },
        { "[[[[", FRAME_TOO_DEEP, DEFECT_TOO_DEEP, "256" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct parsed got =
            parse(*state, slice_text(cases[i].text), cases[i].issue, NULL, false);

        if (got.rejected_for != cases[i].defect || !strstr(got.detail.ptr, cases[i].detail))
            fail_msg("%s: %s: %s", cases[i].text, defect_classes[got.rejected_for].name,
                     got.rejected_for ? got.detail.ptr : "a sample");
    }
}

static void a_parsed_sample_has_its_hash_and_its_place(void **state)
{
    const struct parsed got =
        parse(*state, slice_text("{\"text\":\"t\"}"), FRAME_OK, NULL, false);
    const struct parsed other =
        parse(*state, slice_text(" {\"content\":\"t\",\"x\":1}"), FRAME_OK, NULL, false);

    assert_int_equal(got.rejected_for, DEFECT_NONE);
    assert_string_equal(got.format->name, "text");
    assert_int_equal(got.sample.line, 7);
    assert_int_equal(got.sample.byte_offset, 70);
    assert_memory_equal(&got.sample.hash, &other.sample.hash, sizeof got.sample.hash);
}

static void the_format_of_the_file_is_preferred_if_two_fit(void **state)
{
    const struct slice both = slice_text(
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"}],\"length\":1}");

    assert_string_equal(parse(*state, both, FRAME_OK, NULL, false).format->name, "longalign");
    assert_string_equal(parse(*state, both, FRAME_OK, "messages", false).format->name,
                        "messages");
    /* A record that does not fit the file's format is tried against all formats, */
    assert_string_equal(parse(*state, both, FRAME_OK, "alpaca", false).format->name,
                        "longalign");
    /* unless the user chose the format. */
    assert_int_equal(parse(*state, both, FRAME_OK, "alpaca", true).rejected_for,
                     DEFECT_MISSING_CONTENT);
}

static void a_format_that_leaves_text_unread_does_not_fit(void **state)
{
    const struct slice record =
        slice_text("{\"question\":\"a\",\"answer\":\"b\",\"text\":\"Q: a A: b\"}");
    const struct parsed got = parse(*state, record, FRAME_OK, "text", false);

    assert_int_equal(got.rejected_for, DEFECT_NONE);
    assert_string_equal(got.format->name, "qa");
    assert_int_equal(parse(*state, record, FRAME_OK, "text", true).rejected_for,
                     DEFECT_UNCLAIMED_TEXT);
}

static void nul_bytes_are_kept_in_text(void **state)
{
    const struct parsed got =
        parse(*state, slice_text("{\"text\":\"a\\u0000b\"}"), FRAME_OK, NULL, false);

    assert_int_equal(got.rejected_for, DEFECT_NONE);
    assert_int_equal(got.sample.context.len, 3);
    assert_memory_equal(got.sample.context.ptr, "a\0b", 3);
}

static void a_record_votes_only_for_formats_that_can_read_it(void **state)
{
    struct fixture *f = *state;
    struct frame_record record = { .text = slice_text("{\"query\":\"a\",\"answer\":\"b\"}") };
    const struct format *format = NULL;
    struct error err;

    assert_ok(parse_detect(f->parser, &record, &format, &err));
    assert_string_equal(format->name, "qa");
    record.issue = FRAME_TRUNCATED;
    assert_ok(parse_detect(f->parser, &record, &format, &err));
    assert_null(format);
    record = (struct frame_record){ .text = slice_text("{nonsense}") };
    assert_ok(parse_detect(f->parser, &record, &format, &err));
    assert_null(format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_bad_record_is_rejected_with_its_defect, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_parsed_sample_has_its_hash_and_its_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_format_of_the_file_is_preferred_if_two_fit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_format_that_leaves_text_unread_does_not_fit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nul_bytes_are_kept_in_text, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_votes_only_for_formats_that_can_read_it, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("stages/parse", tests, NULL, NULL);
}
