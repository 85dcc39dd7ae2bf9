/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of flagged words: how they are read, and where their phrases are found. */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "scoring/facts/flag_list.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

static struct flag_list *parse(const char *text)
{
    struct flag_list *list = NULL;
    struct error err;

    assert_ok(flag_list_parse(slice_text(text), &list, &err));
    return list;
}

static struct flag_counts find_in(const struct flag_list *list, const char *text)
{
    struct text_splitter *splitter;
    struct measured_text measured;
    struct flag_counts counts;
    struct error err;

    assert_ok(text_splitter_new(&splitter, &err));
    assert_ok(text_split(splitter, slice_text(text), &measured, &err));
    assert_ok(flag_list_find(list, &measured, &counts, &err));
    text_splitter_free(splitter);
    return counts;
}

static void assert_found(const char *list_text, const char *text, size_t phrases, size_t words)
{
    struct flag_list *list = parse(list_text);
    const struct flag_counts counts = find_in(list, text);

    if (counts.n_phrases != phrases || counts.n_words != words)
        fail_msg("\"%s\": %zu phrases of %zu words, not %zu of %zu", text, counts.n_phrases,
                 counts.n_words, phrases, words);
    flag_list_free(list);
}

static void words_are_found_whole_and_in_any_case(void **state)
{
    (void)state;
    assert_found("damn", "Damn! damn, DAMN it.", 3, 3);
    assert_found("damn", "damned goddamn damn-it damn's damn_it", 0, 0);
    assert_found("DAMN", "damn", 1, 1);
    assert_found("damn", "\"damn\" (damn) #damn @damn *damn*", 5, 5);
    assert_found("x-ray\nit's", "X-Ray It's x ray", 2, 2);
    assert_found("damn", "", 0, 0);
    assert_found("42", "42, 421, 4 2", 1, 1);
}

static void words_are_compared_by_nfkc_and_case_folding(void **state)
{
    (void)state;
    assert_found("stra\xc3\x9f"
                 "e",
                 "STRASSE Stra\xc3\x9f"
                 "e strasse",
                 3, 3);
    assert_found("blo\xcc\x88"
                 "d",
                 "bl\xc3\xb6"
                 "d BL\xc3\x96"
                 "D blo\xcc\x88"
                 "d blod",
                 3, 3);
    assert_found("damn", "\xef\xbd\x84\xef\xbd\x81\xef\xbd\x8d\xef\xbd\x8e", 1, 1);
    assert_found("\xd1\x85\xd0\xbb\xd0\xb5\xd0\xb1", "\xd0\xa5\xd0\x9b\xd0\x95\xd0\x91", 1, 1);
    assert_found("fin", "\xef\xac\x81n", 1, 1);
}

static void phrases_are_found_across_any_white_space(void **state)
{
    (void)state;
    assert_found("piece of work", "piece of work. Piece  of\nWORK", 2, 6);
    assert_found("piece of work", "piece, of work; piece of; of work", 0, 0);
    assert_found("  piece\tof  work  ", "a piece of work", 1, 3);
    assert_found("\xe4\xbb\x96\xe4\xbb\xac", "\xe4\xbb\x96\xe4\xbb\xac\xe5\xa5\xbd", 1, 2);
    assert_found("a$$", "A$$ a $ $ a$", 2, 2);
}

static void the_longest_phrase_counts_and_none_overlap(void **state)
{
    (void)state;
    assert_found("a b\na b c\nb c d\nd", "a b c d", 2, 4);
    assert_found("a b c d\na b", "a b c", 1, 2);
    assert_found("a a", "a a a a a", 2, 4);
    assert_found("b c\na b x", "a b c", 1, 2);
    assert_found("a\na b c d e", "a b c d a b c d e", 2, 6);
}

static void assert_same_hash(const char *a, const char *b, bool want)
{
    struct flag_list *x = parse(a), *y = parse(b);
    const struct hash of_x = flag_list_hash(x), of_y = flag_list_hash(y);

    assert_int_equal(memcmp(&of_x, &of_y, sizeof of_x) == 0, want);
    flag_list_free(x);
    flag_list_free(y);
}

static void empty_lines_and_comments_are_passed_over(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf# words\r\n\r\n  damn \r\n\t# more\ncrap\n   \ndamn\n#\nDamn";

    (void)state;
    assert_found(text, "words damn more # crap", 2, 2);
    assert_same_hash(text, "crap\ndamn", true);
}

static void lists_that_find_the_same_have_the_same_hash(void **state)
{
    (void)state;
    assert_same_hash("a\nb c\n", "# other\nB   C\r\na\na", true);
    assert_same_hash("a b", "a\nb", false);
    assert_same_hash("a\nb", "a\nb\nc", false);
    assert_same_hash("ab", "a b", false);
}

/* Parse a list of n times the text, which must fail. */
static void assert_list_fails(const char *text, size_t n, const char *message)
{
    struct flag_list *list = NULL;
    struct buf bytes;
    struct error err;

    buf_init(&bytes, SIZE_MAX / 2);
    for (size_t i = 0; i < n; i++)
        assert_ok(buf_add_text(&bytes, text, &err));
    assert_fails(flag_list_parse(buf_slice(&bytes), &list, &err), ERR_INPUT, message);
    assert_null(list);
    buf_release(&bytes);
}

static void a_bad_list_is_an_error_that_names_the_line(void **state)
{
    (void)state;
    assert_list_fails("", 1, "there is no word or phrase: write one on each line");
    assert_list_fails("# a\n \n", 1, "there is no word or phrase");
    assert_list_fails("a\nb\nc\xff\n", 1, "line 3: is not valid UTF-8: save the file as UTF-8");
    assert_list_fails("\xff\xfe", 1, "line 1: is not valid UTF-8");
    assert_list_fails("a ", 65, "line 1: a phrase has at most 64 words and symbols");
    assert_list_fails("aaaaaaaa", 129, "line 1: a phrase has at most 1,024 bytes");
    assert_list_fails("a b c d e f g h i j\n", 50001,
                      "line 50001: the list has more than 500,000 words and symbols");
    assert_list_fails("aaaaaaaaaaaaaaa\n", (1 << 18) + 1, "the list has more than 4 MiB");
}

static void the_longest_lines_that_are_allowed_are_found(void **state)
{
    char text[2 * FLAG_PHRASE_MAX_TOKENS + 1] = "", word[FLAG_PHRASE_MAX_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < FLAG_PHRASE_MAX_TOKENS; i++)
        memcpy(text + 2 * i, i % 2 ? "A " : "b ", 3);
    assert_found(text, text, 1, FLAG_PHRASE_MAX_TOKENS);
    memset(word, 'Q', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_found(word, word, 1, 1);
    word[sizeof word - 2] = '\0';
    assert_found("q", word, 0, 0);
}

static void facts_count_phrases_and_share_words(void **state)
{
    const struct measured_turn turns[] = {
        { .role = slice_text("user"), .content = slice_text("Damn, what a piece of work!") },
        { .role = slice_text("assistant"), .content = slice_text("Yes\xff damn") },
        { .role = slice_text("user"), .content = slice_text("\xf0\x9f\x96\x95") },
    };
    const struct measured_sample sample = { .turns = turns, .n_turns = 2, .response_turn = 1 };
    const struct measurer *flagged = measurer_of_fact("flagged_share_response");
    struct flag_list *list = parse("damn\npiece of work\n\xf0\x9f\x96\x95");
    const struct measure_options options = { .flagged_words = list };
    struct fact_value values[2 * N_TEXT_PARTS], of_turn[2];
    struct span_list spans = { .n = 0 };
    struct measuring *measuring;
    struct error err;

    (void)state;
    assert_string_equal(flagged->name, "flagged");
    assert_int_equal(measurer_count_columns(flagged), 2 * N_TEXT_PARTS);
    assert_ok(measuring_new(&options, &measuring, &err));
    assert_ok(measuring_run(measuring, &sample, &flagged, 1, values, &spans, &err));
    assert_int_equal(values[0].integer, 3);
    assert_true(values[1].real == 5.0 / 8);
    assert_int_equal(values[2 * PART_INSTRUCTION].integer, 2);
    assert_true(values[2 * PART_INSTRUCTION + 1].real == 4.0 / 6);
    assert_string_equal(values[2 * PART_CONTEXT].reason, MEASURE_ABSENT);
    assert_int_equal(values[2 * PART_RESPONSE].integer, 1);
    assert_true(values[2 * PART_RESPONSE + 1].real == 0.5);
    /* A symbol is a phrase, but no word. */
    assert_ok(measuring_run_turn(measuring, &sample, 2, &flagged, 1, values, of_turn, &err));
    assert_int_equal(of_turn[0].integer, 1);
    assert_true(of_turn[1].real == 0);
    measuring_free(measuring);
    span_list_release(&spans);
    flag_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_whole_and_in_any_case),
        cmocka_unit_test(words_are_compared_by_nfkc_and_case_folding),
        cmocka_unit_test(phrases_are_found_across_any_white_space),
        cmocka_unit_test(the_longest_phrase_counts_and_none_overlap),
        cmocka_unit_test(empty_lines_and_comments_are_passed_over),
        cmocka_unit_test(lists_that_find_the_same_have_the_same_hash),
        cmocka_unit_test(a_bad_list_is_an_error_that_names_the_line),
        cmocka_unit_test(the_longest_lines_that_are_allowed_are_found),
        cmocka_unit_test(facts_count_phrases_and_share_words),
    };

    return cmocka_run_group_tests_name("scoring/flagged", tests, NULL, NULL);
}
