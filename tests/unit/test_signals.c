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
    };

    return cmocka_run_group_tests_name("scoring/signals", tests, NULL, NULL);
}
