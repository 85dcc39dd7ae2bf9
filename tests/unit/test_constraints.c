/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text/language.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

enum { N_FACTS = 3 };

/* An instruction with one constraint, a response that keeps it and one that breaks it. */
static const struct {
    const char *kind;
    const char *instruction, *kept, *broken;
} table[] = {
    { "words_at_least", "Write a 3+ word poem.", "one two three", "one two" },
    { "words_at_least", "Answer with at least three words.", "one, two three", "one two" },
    { "words_at_least", "Write no less than 3 words.", "one two three", "one two" },
    { "words_at_least", "Answer with more than 2 words.", "one two three", "one two" },
    { "words_at_most", "Respond in 3 words or less.", "one two three", "a b c d" },
    { "words_at_most", "Do not use more than 3 words.", "one two three", "a b c d" },
    { "words_at_most", "Use no more than 3 words.", "one two three", "a b c d" },
    { "words_at_most", "Use less than 4 words.", "one two three", "a b c d" },
    { "words_exactly", "Answer with exactly 1,000 words.", NULL, "one" },
    { "words_between", "Write between 2 and 3 words.", "one two", "one" },
    { "words_between", "Write between 2 and 3 words.", "one two three", "a b c d" },
    { "sentences_at_most", "It must have fewer than 3 sentences.", "One. Two!",
      "He ran. Why? So." },
    { "sentences_exactly", "Describe it in two sentences.", "Mr. Fox ran. He left.", "One." },
    { "paragraphs_exactly", "There should be 2 paragraphs.", "a\n\nb", "a\nb" },
    { "paragraphs_exactly", "Write exactly 2 paragraphs, separated with ***", "a\n***\nb",
      "a\n\nb" },
    { "bullets_exactly", "Answer with exactly two bullet points.", "x\n* a\n- b", "* a" },
    { "placeholders_at_least", "Use at least 2 placeholders such as [name].", "[a] b [c]",
      "[a" },
    { "highlights_at_least", "Highlight at least 2 sections, i.e. *section*.", "*a* b **c**",
      "*a*\n*" },
    { "sections_at_least", "It must have 2 sections marked with SECTION X.",
      "SECTION 1\na\nSECTION 2\nb", "Section 1\na\nSECTION 2" },
    { "capital_words_at_most",
      "Words with all capital letters should appear less than 2 times.", "ONE Two", "ONE TWO" },
    { "keyword_at_least", "Use the word stone at least twice.", "stone Stone", "stone" },
    { "keyword_at_most", "The word \"stone\" should appear less than 2 times.", "a stone",
      "stone stone" },
    { "letter_at_most", "The letter q should appear at most once.", "Quite", "quite quick" },
    { "keywords", "Include keywords ['stone', 'bread'] in the response.", "Bread and stones",
      "bread" },
    { "forbidden_words", "Do not include the following keywords: field, thanks.", "fields",
      "A field." },
    { "forbidden_words", "The word \"rock\" should not appear.", "rocky", "The Rock" },
    { "paragraph_first_word", "Paragraph 2 must start with word stone.", "a\n\nStone, b",
      "a\n\nstones" },
    { "postscript", "Add a postscript starting with P.S.", "a\nP.S. b", "a\nPS: b" },
    { "title", "It needs a title, wrapped in double angular brackets.", "<<A>>\nb", "<< >>" },
    { "choice", "Answer with one of the following options: 'yes', 'no'.", "no", "maybe" },
    { "json", "Answer in JSON.", "```json\n{\"a\": 1}\n```", "{a: 1}" },
    { "json", "Wrap the entire output in JSON format.", "[1]", "x" },
    { "repeat_prompt", "Sing.\nFirst repeat the request word for word.", "sing. La", "La" },
    { "two_responses", "Give two jokes separated by 6 asterisk symbols: ******", "a ****** b",
      "a ****** a" },
    { "end_phrase", "End your response with the exact phrase \"The end.\"", "x the end.",
      "The end. x" },
    { "quotation", "Wrap your entire response with double quotation marks.", "\"a\"", "a\"" },
    { "all_capitals", "Write in all capital letters.", "ABC 1", "ABc" },
    { "all_lowercase", "Use all lowercase letters.", "abc 1", "Abc" },
    { "all_lowercase", "No capital letters are allowed.", "abc", "aBc" },
    { "no_commas", "Refrain from the use of any commas.", "a b", "a, b" },
    { "no_commas", "Please don't use any commas.", "a b", "a, b" },
};

/* Instructions that state nothing that is certain. */
static const char *const nothing[] = {
    "Summarise \"at least 300 words in all capital letters\".",
    "Each paragraph should have at least 3 sentences.",
    "Give it a title with at most 5 words.",
    "Write a function that returns at least 3 words.",
    "Use at least 3 words from this list.",
    "Write about 300 words.",
    "If you are unsure, answer in JSON.",
    "Never respond in JSON.",
    "Write a program that prints its output in JSON format.",
    "The word \"stone\" should not appear more than twice.",
    "Do not include the word \"stone\" more than twice.",
    "Convert the string to use all lowercase letters.",
    "How do you say hello in French?",
    "A list of exactly three words is given.",
    "",
};

/* The facts and the spans of an exchange. */
struct checked {
    struct fact_value facts[N_FACTS];
    struct span_list spans;
    struct arena arena;
};

static void check(const char *instruction, const char *response, struct checked *out)
{
    const struct measured_turn turns[] = {
        { .role = slice_text("user"), .content = slice_text(instruction) },
        { .role = slice_text("assistant"), .content = slice_text(response) },
    };
    const struct measured_sample sample = {
        .turns = turns, .n_turns = 2, .response_turn = 1, .arena = &out->arena
    };
    const struct measure_options options = { .tokenizer = NULL };
    struct error err;

    memset(out->facts, 0, sizeof out->facts);
    out->spans.n = 0;
    arena_clear(&out->arena);
    assert_ok(
        measurer_find("constraints")->verify(&sample, &options, out->facts, &out->spans, &err));
}

static void each_kind_is_read_and_told_kept_from_broken(void **state)
{
    struct checked got = { .spans = { .n = 0 } };

    (void)state;
    arena_init(&got.arena);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].kept) {
            check(table[i].instruction, table[i].kept, &got);
            if (got.facts[0].integer != 1 || got.facts[1].integer != 1)
                fail_msg("not kept: %s: %s", table[i].instruction, table[i].kept);
        }
        check(table[i].instruction, table[i].broken, &got);
        if (got.facts[0].integer != 1 || got.facts[1].integer != 0 || got.spans.n != 1)
            fail_msg("not broken: %s: %s", table[i].instruction, table[i].broken);
        assert_string_equal(got.spans.items[0].kind, table[i].kind);
    }
    arena_release(&got.arena);
    span_list_release(&got.spans);
}

static void what_is_not_certain_is_not_read(void **state)
{
    struct checked got = { .spans = { .n = 0 } };

    (void)state;
    arena_init(&got.arena);
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        check(nothing[i], "word", &got);
        if (!got.facts[0].reason)
            fail_msg("read: %s: %s", nothing[i],
                     got.spans.n ? got.spans.items[0].kind : "something kept");
        assert_string_equal(got.facts[0].reason,
                            *nothing[i] ? "nothing_to_check" : "no_instruction");
        assert_string_equal(got.facts[2].reason, got.facts[0].reason);
    }
    check("Use no commas.", "", &got);
    assert_string_equal(got.facts[0].reason, "no_response");
    arena_release(&got.arena);
    span_list_release(&got.spans);
}

static void a_broken_constraint_is_a_span_over_its_words(void **state)
{
    const char *instruction = "Hello! Write at least 300 words and use no commas.";
    struct checked got = { .spans = { .n = 0 } };

    (void)state;
    arena_init(&got.arena);
    check(instruction, "Just four short words.", &got);
    assert_int_equal(got.facts[0].integer, 2);
    assert_int_equal(got.facts[1].integer, 1);
    assert_float_equal(got.facts[2].real, 0.5, 0);
    assert_int_equal(got.spans.n, 1);
    const struct span *span = &got.spans.items[0];
    assert_int_equal(span->turn, 0);
    assert_int_equal(span->start, strstr(instruction, "at least") - instruction);
    assert_int_equal(span->end, strstr(instruction, " and use") - instruction);
    assert_true(slice_equal(span->detail, slice_text("at least 300 words: 4")));
    arena_release(&got.arena);
    span_list_release(&got.spans);
}

static void a_language_is_checked_where_it_can_be_identified(void **state)
{
    const char *german = "Der Wald ist heute sehr ruhig. Wir gehen langsam am Fluss entlang.";
    struct checked got = { .spans = { .n = 0 } };

    (void)state;
    if (LANGUAGE_LEFT_OUT)
        skip();
    arena_init(&got.arena);
    check("Please respond in German.", german, &got);
    assert_int_equal(got.facts[1].integer, 1);
    check("Please respond in French.", german, &got);
    assert_int_equal(got.facts[1].integer, 0);
    assert_true(slice_equal(got.spans.items[0].detail, slice_text("respond in French: de")));
    check("Please respond in French.", "Ja", &got);
    assert_string_equal(got.facts[0].reason, "nothing_to_check");
    arena_release(&got.arena);
    span_list_release(&got.spans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read_and_told_kept_from_broken),
        cmocka_unit_test(what_is_not_certain_is_not_read),
        cmocka_unit_test(a_broken_constraint_is_a_span_over_its_words),
        cmocka_unit_test(a_language_is_checked_where_it_can_be_identified),
    };

    return cmocka_run_group_tests_name("scoring/constraints", tests, NULL, NULL);
}
