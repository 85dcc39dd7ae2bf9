/* SPDX-License-Identifier: Apache-2.0 */
/* The language of a text, and the metric that compares the languages of instruction and
 * response. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/text/language.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "tests/support/oom.h"

#define GERMAN  "Die Hauptstadt von Frankreich ist Paris, und sie liegt an der Seine."
#define ENGLISH "What is the capital of France, and on which river does it lie?"

static const char *language_of(struct slice text, const char *hint)
{
    const char *code = "not set";
    struct error err;

    assert_ok(language_identify(text, hint, &code, &err));
    return code;
}

static void the_language_of_a_text_is_found(void **state)
{
    (void)state;
    assert_string_equal(language_of(slice_text(ENGLISH), NULL), "en");
    assert_string_equal(language_of(slice_text(GERMAN), NULL), "de");
    assert_string_equal(
        language_of(slice_text("Какая столица у Франции, и на какой реке?"), NULL), "ru");
    assert_string_equal(language_of(slice_text("法国的首都是什么？"), NULL), "zh");
    assert_string_equal(language_of(slice_text("法國的首都是什麼？請回答。"), NULL), "zh-Hant");
    assert_string_equal(language_of(slice_text("フランスの首都はどこですか？"), NULL), "ja");
    assert_string_equal(language_of(slice_text("ما هي عاصمة فرنسا وأين تقع؟"), NULL), "ar");
}

static void an_uncertain_language_is_not_reported(void **state)
{
    (void)state;
    assert_null(language_of(slice_of(NULL, 0), NULL));
    assert_null(language_of(slice_text("1 + 1 = 2"), NULL));
    assert_null(
        language_of(slice_text("Where is that book?"), NULL)); /* 15 letters, one too few */
    assert_string_equal(language_of(slice_text("Where is that book now, please?"), NULL), "en");
    assert_null(language_of(slice_text("hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"), NULL));
    assert_null(
        language_of(slice_text(GERMAN " " ENGLISH), NULL)); /* half German, half English */
}

static void a_hint_decides_between_similar_languages(void **state)
{
    const struct slice spanish = slice_text("La capital de Francia es Par\xc3\xads.");

    (void)state;
    assert_string_equal(language_of(spanish, NULL), "ca");
    assert_string_equal(language_of(spanish, "es"), "es");
    assert_string_equal(language_of(slice_text(GERMAN), "en"), "de");
}

static void letters_of_every_script_are_counted(void **state)
{
    (void)state;
    assert_int_equal(language_letters(slice_text("It's 2 a.m., \xc3\x89t\xc3\xa9!")), 8);
    assert_int_equal(language_letters(slice_text("法国 の 首都、")), 15);
    assert_int_equal(language_letters(slice_text("Франции. עברית")), 12);
    assert_int_equal(language_letters(slice_of("a\0b\xff\xfe"
                                               "c",
                                               6)),
                     3);
}

/* CLD2 misreads the length of a text at a broken character, and reads past its end. */
static void text_broken_at_any_byte_does_no_harm(void **state)
{
    static const char good[] = "Какая столица у Франции? 法国的首都是什么？ "
                               "\xf0\x9f\x98\x80 ฝรั่งเศส " GERMAN;
    char *text = test_malloc(sizeof good);
    struct error err;
    const char *code;

    (void)state;
    for (size_t len = 0; len < sizeof good; len++)
        for (int byte = 0; byte < 256; byte += 51) {
            char *exact = test_malloc(len + 1);

            memcpy(exact, good, len);
            exact[len] = (char)byte;
            assert_ok(language_identify(slice_of(exact, len + 1), NULL, &code, &err));
            test_free(exact);
        }
    memset(text, 0xe0, sizeof good);
    assert_null(language_of(slice_of(text, sizeof good), NULL));
    test_free(text);
}

static void only_the_beginning_of_a_long_text_is_read(void **state)
{
    static const char line[] =
        "法国的首都是什么？\n"; /* 28 bytes, so that the limit falls within a character */
    const size_t n = LANGUAGE_BYTES_MAX / (sizeof line - 1) + 1;
    const size_t len = 4 * n * (sizeof line - 1);
    char *text = test_malloc(len);

    (void)state;
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * (sizeof line - 1), line, sizeof line - 1);
    memset(text + len / 4, 'a', len - len / 4);
    assert_string_equal(language_of(slice_of(text, len), NULL), "zh");
    test_free(text);
}

static void variants_of_a_language_count_as_the_same(void **state)
{
    (void)state;
    assert_true(language_same("de", "de"));
    assert_true(language_same("zh", "zh-Hant"));
    assert_true(language_same("hr", "sr-ME"));
    assert_true(language_same("no", "nn"));
    assert_true(language_same("ms", "id"));
    assert_false(language_same("da", "no"));
    assert_false(language_same("zh", "ja"));
}

static struct score mismatch(const char *instruction, const char *response)
{
    const struct observed_text text = { .instruction = instruction ? slice_text(instruction)
                                                                   : slice_of(NULL, 0),
                                        .response = slice_text(response) };
    struct score score;
    struct error err;

    assert_ok(scorer_measure(scorer_find("language_mismatch"), &text, &score, &err));
    return score;
}

static void expect_number(const char *instruction, const char *response, double want)
{
    const struct score score = mismatch(instruction, response);

    assert_null(score.reason);
    assert_true(score.value == want);
    assert_int_equal(score.n_tokens, language_letters(slice_text(response)));
}

static void expect_reason(const char *instruction, const char *response, const char *want)
{
    const struct score score = mismatch(instruction, response);

    assert_non_null(score.reason);
    assert_string_equal(score.reason, want);
}

static void a_response_in_another_language_is_a_mismatch(void **state)
{
    (void)state;
    expect_number(ENGLISH, GERMAN, 1);
    expect_number(GERMAN, GERMAN, 0);
    expect_number("What is the capital of France?", "Die Hauptstadt von Frankreich ist Paris.",
                  1);
    expect_number("法国的首都是什么？", "法國的首都是巴黎。它位於塞納河畔。", 0);
}

static void an_unknown_language_is_a_missing_score_with_a_reason(void **state)
{
    (void)state;
    expect_reason(NULL, GERMAN, "no_instruction");
    expect_reason(" \n", GERMAN, "no_instruction");
    expect_reason("144 / 12?", GERMAN, "instruction_language_unknown");
    expect_reason(GERMAN, "Paris.", "response_language_unknown");
    expect_reason(GERMAN, " ", "empty_response");
    expect_reason("\xc2\xbf"
                  "Cu\xc3\xa1l es la capital de Francia?",
                  "La capital de Francia es Par\xc3\xads.", "languages_alike");
}

#define CODE "def add_two_numbers(first, second):\n    return first + second # of the caller\n"

static void fenced_code_does_not_count_as_language(void **state)
{
    (void)state;
    expect_reason(GERMAN, "```python\n" CODE "```\n", "response_language_unknown");
    expect_reason("~~~\n" CODE, GERMAN,
                  "instruction_language_unknown"); /* a fence without an end */
    assert_int_equal(mismatch(GERMAN, CODE).value,
                     1); /* code without a fence counts as English */
}

static void a_code_fence_ends_as_in_markdown(void **state)
{
    (void)state;
    assert_int_equal(mismatch(GERMAN, "```\n" CODE "```\n" GERMAN).value, 0);
    assert_int_equal(mismatch(GERMAN, "  ~~~ c\n" CODE "  ~~~~  \n" GERMAN).value, 0);
    /* A shorter fence does not end the code, and neither does one with a word after it. */
    expect_reason(GERMAN, "````\n```\n" ENGLISH, "response_language_unknown");
    expect_reason(GERMAN, "```\n``` c\n" ENGLISH, "response_language_unknown");
    expect_reason(GERMAN, "```\n~~~\n" ENGLISH, "response_language_unknown");
    /* None of these lines begins a fence. */
    assert_int_equal(mismatch(GERMAN, "``\n" ENGLISH).value, 1);
    assert_int_equal(mismatch(GERMAN, "    ```\n" ENGLISH).value, 1);
    assert_int_equal(mismatch(GERMAN, "```a```\n" ENGLISH).value, 1);
}

static int measure_both(const void *input, struct error *err)
{
    const struct observed_text text = { .instruction = slice_text(ENGLISH),
                                        .response = slice_text(input) };
    struct score score;

    return scorer_measure(scorer_find("language_mismatch"), &text, &score, err);
}

static void language_mismatch_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_true(oom_survive(measure_both, GERMAN) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_of_a_text_is_found),
        cmocka_unit_test(an_uncertain_language_is_not_reported),
        cmocka_unit_test(a_hint_decides_between_similar_languages),
        cmocka_unit_test(letters_of_every_script_are_counted),
        cmocka_unit_test(text_broken_at_any_byte_does_no_harm),
        cmocka_unit_test(only_the_beginning_of_a_long_text_is_read),
        cmocka_unit_test(variants_of_a_language_count_as_the_same),
        cmocka_unit_test(a_response_in_another_language_is_a_mismatch),
        cmocka_unit_test(an_unknown_language_is_a_missing_score_with_a_reason),
        cmocka_unit_test(fenced_code_does_not_count_as_language),
        cmocka_unit_test(a_code_fence_ends_as_in_markdown),
        cmocka_unit_test(language_mismatch_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("languages", tests, NULL, NULL);
}
