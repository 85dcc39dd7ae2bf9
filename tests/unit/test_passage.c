/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "stages/record/passage.h"

enum { PASSAGE_BYTES = 2100 };

/* Make the text of a pattern, in which every '@' stands for a passage of one long line. */
static void make_text(const char *pattern, struct buf *out)
{
    struct error err;

    buf_clear(out);
    for (; *pattern; pattern++)
        if (*pattern != '@')
            assert_ok(buf_add(out, pattern, 1, &err));
        else
            for (int i = 0; i < PASSAGE_BYTES / 7; i++)
                assert_ok(buf_add_text(out, "long, l", &err));
}

static void assert_part(const char *pattern, struct slice got, const char *want)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    make_text(want, &text);
    if (!slice_equal(got, buf_slice(&text)))
        fail_msg("%s: %.*s, not %s", pattern, (int)got.len, got.ptr, want);
    buf_release(&text);
}

static void the_question_is_found_at_either_end(void **state)
{
    static const struct {
        const char *text, *split, *context, *question;
    } cases[] = {
        { "@\n\nWhy?", "last-paragraph", "@", "Why?" },
        { "@\r\n\r\n\r\nWhy?\n", "last-paragraph", "@", "Why?\n" },
        { "  @\n\nWhy?", "last-paragraph", "  @", "Why?" },
        { "Intro.\n@\nIt ends. Why?", "last-line", "Intro.\n@", "It ends. Why?" },
        { "Why?\n\n@", "first-paragraph", "@", "Why?" },
        { "Why?\n\n@\n\nThe end.", "first-paragraph", "@\n\nThe end.", "Why?" },
        { "Why?\n@\nThe end.", "first-line", "@\nThe end.", "Why?" },
        { "Summarise:\n\n@\n\n@.", "first-paragraph", "@\n\n@.", "Summarise:" },
        { "Read:\n\n@\n\nAnswer:", "last-paragraph", "Read:\n\n@", "Answer:" },
        { "Read this?\n\n@\n\nWhy?", "last-paragraph", "Read this?\n\n@", "Why?" },
        { "A title\n\n@\n\nExplain it.", "last-paragraph", "A title\n\n@", "Explain it." },
        { "Fix it.\n\nint x;\n\n@\n\n}", "first-paragraph", "int x;\n\n@\n\n}", "Fix it." },
        { "A story is told here.\n\n@\n\nExplain.", "last-paragraph",
          "A story is told here.\n\n@", "Explain." },
        { "@.\n\nSay \"why?\"", "last-paragraph", "@.", "Say \"why?\"" },
        { "@\n\n\xe4\xbd\x95\xef\xbc\x9f", "last-paragraph", "@", "\xe4\xbd\x95\xef\xbc\x9f" },
    };
    struct passage got;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_text(cases[i].text, &text);
        if (!passage_find(buf_slice(&text), &got))
            fail_msg("%s: no passage", cases[i].text);
        assert_string_equal(got.split, cases[i].split);
        assert_part(cases[i].text, got.context, cases[i].context);
        assert_part(cases[i].text, got.question, cases[i].question);
    }
    buf_release(&text);
}

static void a_text_without_a_sure_question_stays_whole(void **state)
{
    static const char *const cases[] = {
        "",
        "Why?",
        "short\n\nWhy?",
        "@",
        "@?",
        "\n\n@\n\n",
        "@\n\n@",
        "@\n\n@?",                           /* the last part is too long for a question */
        "int x;\n\n@\n\n}",                  /* nothing ends like a question */
        "It was cold.\n\n@\n\nIt was dark.", /* both end alike, and none is much shorter */
    };
    struct passage got;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_text(cases[i], &text);
        if (passage_find(buf_slice(&text), &got))
            fail_msg("%s: %s", cases[i], got.split);
    }
    buf_release(&text);
}

static void a_split_says_whether_the_passage_stood_last(void **state)
{
    (void)state;
    assert_true(passage_is_last(slice_text("first-paragraph")));
    assert_true(passage_is_last(slice_text("first-line")));
    assert_true(passage_is_last(slice_text("marked-last")));
    assert_false(passage_is_last(slice_text("last-paragraph")));
    assert_false(passage_is_last(slice_text("marked")));
    assert_false(passage_is_last(slice_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_question_is_found_at_either_end),
        cmocka_unit_test(a_text_without_a_sure_question_stays_whole),
        cmocka_unit_test(a_split_says_whether_the_passage_stood_last),
    };

    return cmocka_run_group_tests_name("passages", tests, NULL, NULL);
}
