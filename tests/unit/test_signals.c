/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "scoring/facts/character_sets.h"
#include "scoring/facts/gram_table.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"

enum { MAX_FACTS = 40 };

/* Get one fact of a text. */
static struct fact_value measure_slice(const char *fact, struct slice text)
{
    const struct measurer *measurer = measurer_of_fact(fact);
    const struct measure_options options = { .tokenizer = NULL };
    struct fact_value values[MAX_FACTS] = { 0 };
    struct text_splitter *splitter;
    struct measured_text measured;
    struct error err;

    assert_non_null(measurer);
    assert_true(measurer->n_facts <= MAX_FACTS);
    assert_ok(text_splitter_new(&splitter, &err));
    assert_ok(text_split(splitter, text, &measured, &err));
    assert_ok(measurer->measure(&measured, &options, values, &err));
    text_splitter_free(splitter);
    for (size_t i = 0; i < measurer->n_facts; i++)
        if (strcmp(measurer->facts[i].name, fact) == 0)
            return values[i];
    fail_msg("%s is not measured", fact);
    return values[0];
}

static void assert_real(double got, double want)
{
    if (fabs(got - want) > 1e-12)
        fail_msg("%.15g, not %.15g", got, want);
}

static double real_of(const char *fact, const char *text)
{
    return measure_slice(fact, slice_text(text)).real;
}

static int64_t integer_of(const char *fact, const char *text)
{
    return measure_slice(fact, slice_text(text)).integer;
}

static void lines_and_paragraphs_that_occurred_before_are_counted(void **state)
{
    (void)state;
    /* Lines a, bb, a, bb, bb: three of five again, with 1 + 2 + 2 of 14 characters. */
    assert_real(real_of("dup_line_share", "a\nbb\n\na\nbb\n\nbb"), 3.0 / 5);
    assert_real(real_of("dup_line_char_share", "a\nbb\n\na\nbb\n\nbb"), 5.0 / 14);
    /* Paragraphs "a\nbb", "a\nbb", "bb". */
    assert_real(real_of("dup_paragraph_share", "a\nbb\n\na\nbb\n\nbb"), 1.0 / 3);
    assert_real(real_of("dup_paragraph_char_share", "a\nbb\n\na\nbb\n\nbb"), 4.0 / 14);
    /* White space at the ends of the text belongs to no paragraph, but to a line. */
    assert_real(real_of("dup_paragraph_share", " \xc3\xa4\n\n\xc3\xa4 \n\n "), 1.0 / 2);
    assert_real(real_of("dup_paragraph_char_share", " \xc3\xa4\n\n\xc3\xa4 \n\n "), 1.0 / 9);
    assert_real(real_of("dup_line_share", " \xc3\xa4\n\n\xc3\xa4 \n\n "), 0);
    assert_real(real_of("dup_line_share", "\n\n"), 0);
}

static void the_first_of_the_most_frequent_ngrams_counts(void **state)
{
    (void)state;
    /* "a bb" and "bb ." occur twice; the first has 4 characters. */
    assert_real(real_of("top_2gram_char_share", "a bb. a bb."), 8.0 / 11);
    assert_real(real_of("top_3gram_char_share", "a bb. a bb."), 12.0 / 11);
    assert_real(real_of("top_4gram_char_share", "a bb. a bb."), 8.0 / 11);
    assert_real(real_of("top_4gram_char_share", "a bb."), 0);
}

static void the_words_of_a_repeated_ngram_count_once(void **state)
{
    const char *twice = "a b c d e f a b c d e f";

    (void)state;
    /* The run a b c d e is seen again; behind it only f is left. */
    assert_real(real_of("dup_5gram_char_share", twice), 5.0 / 23);
    assert_real(real_of("dup_6gram_char_share", twice), 6.0 / 23);
    assert_real(real_of("dup_7gram_char_share", twice), 0);
    /* The run at the second word is seen, then the one five words further on. */
    assert_real(real_of("dup_5gram_char_share", "a a a a a a a a a a a"), 10.0 / 21);
}

static void repeated_10grams_are_those_of_data_juicer(void **state)
{
    (void)state;
    /* 21 runs of 10 characters, 10 different: one occurs 3 times, 9 twice; sqrt(10) is 3. */
    assert_real(real_of("char_10gram_repetition", "abcdefghijabcdefghijabcdefghij"),
                (3 + 2 + 2) / 21.0);
    assert_real(real_of("char_10gram_repetition", "abcdefghij"), 0);
    assert_real(real_of("char_10gram_repetition", "short"), 0);
    /* Words without the signs around them, in lower case. */
    assert_real(
        real_of("word_10gram_repetition", "A b c d e f g h i j. (a) B, c d e\tf g\nh i j"),
        2.0 / 11);
    assert_real(real_of("word_10gram_repetition", "a b c -- 12"), 0);
}

/* Two equal halves of 100,000 different words of 8 characters. */
static void counts_of_long_texts_are_exact(void **state)
{
    enum { N = 100000 };
    const double n = N;
    struct buf text;
    struct error err;

    (void)state;
    buf_init(&text, SIZE_MAX / 4);
    for (int i = 0; i < 2 * N; i++) {
        char word[32];
        const int len = snprintf(word, sizeof word, "w%06dw ", i % N);

        assert_ok(buf_add(&text, word, (size_t)len, &err));
    }
    const struct slice all = buf_slice(&text);
    assert_real(measure_slice("dup_5gram_char_share", all).real, 8 * n / (18 * n));
    assert_real(measure_slice("top_2gram_char_share", all).real, 34 / (18 * n));
    assert_real(measure_slice("word_10gram_repetition", all).real, 2 * (n - 9) / (2 * n - 9));
    assert_real(measure_slice("distinct_word_share", all).real, 0.5);
    buf_release(&text);
}

static void shares_of_characters_have_all_characters_below(void **state)
{
    const char *text = "Caf\xc3\xa9 No 7: \xe2\x82\xac"
                       "5 #1... \xef\xbf\xbd\x01";

    (void)state;
    /* 22 characters: C a f e' N o; 7 5 1; 5 blanks; : EUR # . . . U+FFFD U+0001 */
    assert_real(real_of("alnum_share", text), 9.0 / 22);
    assert_real(real_of("digit_share", text), 3.0 / 22);
    assert_real(real_of("upper_share", text), 2.0 / 6);
    assert_real(real_of("space_share", text), 5.0 / 22);
    assert_real(real_of("symbol_share", text), 8.0 / 22);
    /* All but the letters and U+0001. */
    assert_real(real_of("special_share", text), 15.0 / 22);
    assert_int_equal(integer_of("control_chars", text), 1);
    assert_int_equal(integer_of("replacement_chars", text), 1);
    assert_real(real_of("alnum_share", "--"), 0);
    assert_real(real_of("upper_share", "--"), 0);
}

static void shares_of_words_count_symbols_as_gopher_does(void **state)
{
    const char *text = "The USA and I have 3 cats, and the # is with 3... yes\xe2\x80\xa6";

    (void)state;
    /* 13 words, and the symbols , # . . . and an ellipsis. */
    assert_real(real_of("mean_word_length", text), 35.0 / 13);
    assert_real(real_of("letter_word_share", text), 11.0 / 19);
    assert_real(real_of("capital_word_share", text), 2.0 / 13);
    assert_real(real_of("distinct_word_share", text), 11.0 / 13);
    assert_real(real_of("hash_per_word", text), 1.0 / 19);
    assert_real(real_of("ellipsis_per_word", text), 2.0 / 19);
    /* and, have, the, with. */
    assert_int_equal(integer_of("stop_words", text), 4);
    /* The, and, I, have, and, the, is, with. */
    assert_real(real_of("stop_word_share", text), 8.0 / 13);
    assert_real(real_of("ellipsis_per_word", "a......"), 2.0 / 7);
    assert_real(real_of("mean_word_length", "..."), 0);
}

static void lists_of_characters_have_their_first_and_last_members(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x80; code++)
        assert_int_equal(
            is_special_character(code),
            code >= 9 && code != 0x7f && (code <= 13 || code >= 32) &&
                !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", (int)code));
    assert_true(is_special_character(0x201c));
    assert_true(is_special_character(0x1f600));
    assert_false(is_special_character(0xe4));
    assert_false(is_special_character(0x10ffff));
    assert_true(is_terminal_mark('.') && is_terminal_mark('?') && is_terminal_mark('!'));
    assert_true(is_terminal_mark(0x3002) && is_terminal_mark(0x0964));
    assert_false(is_terminal_mark(':') || is_terminal_mark('"') || is_terminal_mark(0xff0c));
}

static void lines_are_counted_by_beginning_end_and_length(void **state)
{
    /* Nine lines, the fourth of them empty and the fifth with a blank. */
    const char *text = "- one\n \xe2\x80\xa2 two...\nThree is here.\n\n \nThree is here.\n"
                       "four \xe2\x80\xa6 \nFive ends with a blank. \n"
                       "a line that is longer than thirty characters\n";

    (void)state;
    assert_real(real_of("bullet_line_share", text), 2.0 / 9);
    assert_real(real_of("ellipsis_line_share", text), 2.0 / 9);
    /* "two...", "Three is here." twice. */
    assert_real(real_of("terminal_line_share", text), 3.0 / 7);
    assert_real(real_of("short_line_share", text), 6.0 / 7);
    assert_int_equal(integer_of("max_line_chars", text), 44);
    assert_int_equal(integer_of("third_line_chars", text), 14);
    assert_real(real_of("mean_line_chars", text), 127.0 / 9);
    assert_real(real_of("dup_text_line_char_share", text), 14.0 / 118);
    assert_real(real_of("newlines_per_word", "a b.\nc\n"), 2.0 / 4);
    assert_real(real_of("newlines_per_word", "a b.\nc"), 1.0 / 4);
    assert_int_equal(integer_of("third_line_chars", "a\nb"), 0);
    assert_real(real_of("terminal_line_share", "\n \n"), 0);
}

static void c4_keeps_whole_sentences_without_boilerplate(void **state)
{
    char long_word[1100];

    (void)state;
    assert_real(real_of("c4_line_share", "Three words here.\nTwo words.\n\nNo end mark here"),
                1.0 / 3);
    assert_real(real_of("c4_line_share", "It goes on and on...\nSaid by \"a man\"\nIs it so?"),
                2.0 / 3);
    assert_real(real_of("c4_line_share", "A fact is here.[12][edit]\nNot a mark here.[a]"),
                1.0 / 2);
    assert_real(real_of("c4_line_share", "Enable JavaScript for this page.\n"
                                         "See our Privacy Policy for more."),
                0);
    assert_int_equal(integer_of("javascript_lines", "JavaScript, javascript\nJava Script"), 1);
    assert_int_equal(integer_of("policy_lines", "We USE cookies.\nTerms of use!\nPolicy"), 2);
    memset(long_word, 'x', sizeof long_word);
    memcpy(long_word, "one two ", 8);
    memcpy(long_word + 8 + 1001, ".", 2);
    assert_real(real_of("c4_line_share", long_word), 0);
    memcpy(long_word + 8 + 999, ".", 2);
    assert_real(real_of("c4_line_share", long_word), 1);
}

static void markup_and_addresses_are_measured_in_characters(void **state)
{
    const char *html = "<p class=\"a\">x &amp; y</p> &#39; a < b & c; vector<int> <br/>";

    (void)state;
    assert_int_equal(integer_of("html_tags", html), 3);
    assert_real(real_of("html_tag_share", html), (13.0 + 4 + 5) / 61);
    assert_int_equal(integer_of("html_entities", html), 2);
    assert_int_equal(integer_of("html_tags", "<!-- note --> <p <b> <a"), 2);
    assert_int_equal(integer_of("urls", "(see https://a.b/c?d=1). www.x.org, http:// awww.y.z"),
                     2);
    assert_real(real_of("url_share", "at http://\xc3\xa4.de/."), 12.0 / 16);
    assert_real(real_of("bracket_share", "f(x[1]) {}"), 6.0 / 10);
    assert_int_equal(integer_of("curly_braces", "{}}"), 3);
    assert_int_equal(integer_of("lorem_ipsum", "Lorem ipsum dolor; LOREM IPSUM"), 2);
}

static void a_loop_at_the_end_is_found_with_its_period(void **state)
{
    struct buf text;
    struct error err;

    (void)state;
    assert_int_equal(integer_of("loop_period", "It is. I am here. I am here. I am here. "), 11);
    assert_int_equal(integer_of("loop_repeats", "It is. I am here. I am here. I am here. "), 3);
    /* ". I am here. I am here. I am here." is the loop, 34 of 40 characters. */
    assert_real(real_of("loop_share", "It is. I am here. I am here. I am here. "), 34.0 / 40);
    assert_int_equal(integer_of("loop_period", "I am here. I am here. It is."), 0);
    assert_int_equal(integer_of("loop_period", "ha ha ha ha ha"), 0);
    assert_int_equal(integer_of("loop_repeats", "no: ------------------------------"), 30);
    assert_real(real_of("loop_share", "   "), 0);
    /* A loop of 300,000 characters in a text of 400,000. */
    buf_init(&text, SIZE_MAX / 4);
    for (int i = 0; i < 100000; i++)
        assert_ok(buf_add(&text, i % 7 ? "x" : "y", 1, &err));
    for (int i = 0; i < 150000; i++)
        assert_ok(buf_add(&text,
                          "\xc3\xa4"
                          "b",
                          3, &err));
    assert_int_equal(measure_slice("loop_repeats", buf_slice(&text)).integer, 150000);
    assert_int_equal(measure_slice("loop_period", buf_slice(&text)).integer, 2);
    assert_real(measure_slice("loop_share", buf_slice(&text)).real, 0.75);
    buf_release(&text);
}

static void refusals_and_gaps_are_found_by_their_phrases(void **state)
{
    (void)state;
    assert_int_equal(integer_of("refusal", "I\xe2\x80\x99m sorry, but I can\xe2\x80\x99t."), 1);
    assert_int_equal(integer_of("refusal", "Well. I cannot help with that."), 1);
    assert_int_equal(integer_of("refusal", "\xe6\x8a\xb1\xe6\xad\x89\xef\xbc\x8c\xe6\x88\x91"),
                     1);
    assert_int_equal(integer_of("refusal", "I can't help but laugh. Hawaii must decline."), 0);
    assert_int_equal(integer_of("model_mentions", "As an AI, I ask: was an AI as an ai?"), 2);
    assert_int_equal(integer_of("model_mentions", "Has an aim."), 0);
    assert_int_equal(integer_of("placeholders", "Dear [Name], I am [Your name] of a[name]"), 2);
}

static void endings_that_are_not_complete_are_found(void **state)
{
    (void)state;
    assert_int_equal(integer_of("end_mark", "It ends. "), 1);
    assert_int_equal(integer_of("end_mark", "He said **\"no!\"**"), 1);
    assert_int_equal(integer_of("end_mark", "It ends here\n```\ncode.\n```"), 0);
    assert_int_equal(integer_of("end_mark", "Paris"), 0);
    assert_int_equal(integer_of("truncated", "Paris"), 0);
    assert_int_equal(integer_of("open_brackets", "(a [b) c) {"), 2);
    assert_int_equal(integer_of("open_brackets", "`(` :( \\( 1)"), 0);
    assert_int_equal(integer_of("dangling_end", "He went to the"), 1);
    assert_int_equal(integer_of("dangling_end", "apples, pears,"), 1);
    assert_int_equal(integer_of("dangling_end", "The"), 0);
    assert_int_equal(integer_of("truncated", "He went (to"), 1);
    assert_int_equal(integer_of("truncated", "Code:\n```c\nint a[3] = {"), 1);
    assert_int_equal(integer_of("truncated", "Code:\n```c\nint a[3] = {\n```\n"), 0);
    assert_int_equal(integer_of("truncated", "Nothing is missing."), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_paragraphs_that_occurred_before_are_counted),
        cmocka_unit_test(the_first_of_the_most_frequent_ngrams_counts),
        cmocka_unit_test(the_words_of_a_repeated_ngram_count_once),
        cmocka_unit_test(repeated_10grams_are_those_of_data_juicer),
        cmocka_unit_test(counts_of_long_texts_are_exact),
        cmocka_unit_test(shares_of_characters_have_all_characters_below),
        cmocka_unit_test(shares_of_words_count_symbols_as_gopher_does),
        cmocka_unit_test(lists_of_characters_have_their_first_and_last_members),
        cmocka_unit_test(lines_are_counted_by_beginning_end_and_length),
        cmocka_unit_test(c4_keeps_whole_sentences_without_boilerplate),
        cmocka_unit_test(markup_and_addresses_are_measured_in_characters),
        cmocka_unit_test(a_loop_at_the_end_is_found_with_its_period),
        cmocka_unit_test(refusals_and_gaps_are_found_by_their_phrases),
        cmocka_unit_test(endings_that_are_not_complete_are_found),
    };

    return cmocka_run_group_tests_name("scoring/signals", tests, NULL, NULL);
}
