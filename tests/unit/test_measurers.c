/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/text/language.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "tests/support/vocab_fixture.h"

enum { MAX_COLUMNS = 400 };

static void split(struct text_splitter **splitter, const char *text, struct measured_text *out)
{
    struct error err;

    assert_ok(text_splitter_new(splitter, &err));
    assert_ok(text_split(*splitter, slice_text(text), out, &err));
}

/* Compare the tokens of a text with a list in which '|' ends each token. */
static void assert_tokens(const char *text, const char *want)
{
    struct text_splitter *splitter;
    struct measured_text measured;
    char got[400] = "";

    split(&splitter, text, &measured);
    for (size_t i = 0; i < measured.n_tokens; i++) {
        const struct text_token *token = &measured.tokens[i];
        const size_t len = strlen(got);

        snprintf(got + len, sizeof got - len, "%.*s|", (int)token->len, text + token->start);
    }
    assert_string_equal(got, want);
    text_splitter_free(splitter);
}

static void words_keep_joining_characters_and_symbols_stand_alone(void **state)
{
    (void)state;
    assert_tokens("It's a well-known 3rd-party test.", "It's|a|well-known|3rd-party|test|.|");
    assert_tokens("rock 'n' roll -- (yes)", "rock|'|n|'|roll|-|-|(|yes|)|");
    assert_tokens("end- 'quote", "end|-|'|quote|");
    assert_tokens("\xe4\xbd\xa0\xe5\xa5\xbd"
                  "ab",
                  "\xe4\xbd\xa0|\xe5\xa5\xbd|ab|");
    assert_tokens("", "");
    assert_tokens("caf\x65\xcc\x81 x", "cafe\xcc\x81|x|");
}

static void lines_and_paragraphs_are_split_at_line_ends(void **state)
{
    struct text_splitter *splitter;
    struct measured_text text;

    (void)state;
    split(&splitter, "a\nb\n\n\nc d\n", &text);
    assert_int_equal(text.n_lines, 5);
    assert_int_equal(text.n_paragraphs, 2);
    assert_int_equal(text.paragraphs[0].len, 3);
    assert_int_equal(text.paragraphs[1].n_chars, 3);
    assert_int_equal(text.n_words, 4);
    assert_int_equal(text.n_letters, 4);
    text_splitter_free(splitter);
}

static const struct fact_value *find_value(const struct measurer *measurer, const char *name,
                                           const struct fact_value *values)
{
    struct fact_column_of column;

    for (size_t i = 0; i < measurer_count_columns(measurer); i++) {
        measurer_column(measurer, i, &column);
        if (strcmp(column.name, name) == 0)
            return &values[i];
    }
    fail_msg("%s has no column %s", measurer->name, name);
    return NULL;
}

static void facts_are_measured_of_the_whole_and_of_each_part(void **state)
{
    const struct measured_turn turns[] = {
        { .role = slice_text("user"),
          .content = slice_text("Who came? Mr. J. Bach or 2.5 men") },
        { .role = slice_text("assistant"), .content = slice_text("Nobody.\nReally!") },
    };
    const struct measured_sample sample = {
        .system = slice_text("Be brief."), .turns = turns, .n_turns = 2, .response_turn = 1
    };
    const struct measurer *length = measurer_find("length");
    const struct measure_options options = { .tokenizer = NULL };
    struct fact_value values[MAX_COLUMNS];
    struct span_list spans = { .n = 0 };
    struct measuring *measuring;
    struct error err;

    (void)state;
    assert_ok(measuring_new(&options, &measuring, &err));
    assert_ok(measuring_run(measuring, &sample, &length, 1, values, &spans, &err));
    assert_int_equal(find_value(length, "words", values)->integer, 13);
    assert_int_equal(find_value(length, "words_response", values)->integer, 2);
    assert_int_equal(find_value(length, "sentences_response", values)->integer, 2);
    assert_int_equal(find_value(length, "sentences_instruction", values)->integer, 3);
    assert_int_equal(find_value(length, "lines", values)->integer, 4);
    assert_string_equal(find_value(length, "words_context", values)->reason, MEASURE_ABSENT);
    measuring_free(measuring);
    span_list_release(&spans);
}

static void tokens_are_those_of_the_vocabulary(void **state)
{
    const struct measured_turn turns[] = { { .content = slice_text("aab") },
                                           { .content = slice_text("") },
                                           { .content = slice_text("b\xff") } };
    const struct measured_sample sample = { .turns = turns, .n_turns = 2, .response_turn = 1 };
    const struct measurer *tokens = measurer_find("tokens");
    struct fact_value values[MAX_COLUMNS], of_turn;
    struct span_list spans = { .n = 0 };
    struct vocab_fixture fixture;
    struct measuring *measuring;
    struct vocab_open open;
    struct error err;

    (void)state;
    vocab_fixture_bpe(&fixture);
    assert_ok(vocab_fixture_open(&fixture, &open, &err));
    const struct measure_options options = { .tokenizer = open.tokenizer };
    assert_ok(measuring_new(&options, &measuring, &err));
    for (int i = 0; i < 2; i++) { /* the memory of the first time is reused */
        struct token_buf ids = { 0 };

        assert_ok(measuring_run(measuring, &sample, &tokens, 1, values, &spans, &err));
        assert_ok(
            tokenizer_encode(open.tokenizer, turns[0].content, TOKENIZE_FIRST, &ids, &err));
        assert_int_equal(find_value(tokens, "tokens", values)->integer, ids.n);
        assert_int_equal(find_value(tokens, "tokens_instruction", values)->integer, ids.n);
        assert_string_equal(find_value(tokens, "tokens_response", values)->reason,
                            MEASURE_ABSENT);
        token_buf_release(&ids);
    }
    assert_ok(measuring_run_turn(measuring, &sample, 2, &tokens, 1, values, &of_turn, &err));
    assert_string_equal(of_turn.reason, "not_tokenized");
    measuring_free(measuring);
    vocab_open_release(&open);
}

static int n_calls;

/* Measure the length of a text, and count the calls. */
static int count_calls(const struct measured_text *text, const struct measure_options *options,
                       struct fact_value *out, struct error *err)
{
    (void)options, (void)err;
    n_calls++;
    out->integer = (int64_t)text->text.len;
    return 0;
}

static void a_text_that_is_several_parts_or_a_turn_is_measured_once(void **state)
{
    static const struct fact fact = { "n_bytes", FACT_INTEGER, "bytes", "bytes" };
    static const struct measurer counting = { .name = "counting",
                                              .facts = &fact,
                                              .n_facts = 1,
                                              .parts = PARTS_WHOLE_AND_EACH,
                                              .of_turns = true,
                                              .measure = count_calls };
    const struct measurer *chosen = &counting;
    const struct measured_turn turns[] = { { .content = slice_text("a") },
                                           { .content = slice_text("bc") },
                                           { .content = slice_text("def") },
                                           { .content = slice_text("ghij") },
                                           { .content = slice_text("klmno") } };
    const struct measure_options options = { .tokenizer = NULL };
    struct span_list spans = { .n = 0 };
    struct measuring *measuring;
    struct error err;

    (void)state;
    assert_ok(measuring_new(&options, &measuring, &err));
    for (size_t n = 1; n <= 5; n++) {
        const struct measured_sample sample = { .turns = turns,
                                                .n_turns = n,
                                                .instruction_turn = (int)n - 2,
                                                .response_turn = (int)n - 1 };
        struct fact_value values[N_TEXT_PARTS], of_turn;

        n_calls = 0;
        assert_ok(measuring_run(measuring, &sample, &chosen, 1, values, &spans, &err));
        /* One turn is the whole sample; two are the whole, the instruction and the response. */
        assert_int_equal(n_calls, n == 1 ? 1 : 3);
        assert_int_equal(values[PART_ALL].integer, n * (n + 1) / 2 + n - 1);
        assert_int_equal(values[PART_RESPONSE].integer, n);
        for (size_t t = 0; t < n; t++) {
            assert_ok(
                measuring_run_turn(measuring, &sample, t, &chosen, 1, values, &of_turn, &err));
            assert_int_equal(of_turn.integer, t + 1);
        }
        assert_int_equal(n_calls, n == 1 ? 1 : 3 + n - 2);
    }
    measuring_free(measuring);
}

#define GERMAN  "Die Hauptstadt von Frankreich ist Paris, und sie liegt an der Seine."
#define ENGLISH "What is the capital of France, and on which river does it lie?"
#define CODE    "def add_two_numbers(first, second):\n    return first + second # of both\n"

/* Measure the facts of a text that is a whole sample. values[0] is its language, values[1] its
 * share. */
static void measure_language_of(const char *text, struct fact_value *values)
{
    const struct measured_turn turn = { .content = slice_text(text) };
    const struct measured_sample sample = {
        .turns = &turn, .n_turns = 1, .instruction_turn = -1, .response_turn = 0
    };
    const struct measure_options options = { .tokenizer = NULL };
    const struct measurer *measurer = measurer_find("language");
    struct span_list spans = { .n = 0 };
    struct measuring *measuring;
    struct error err;

    assert_ok(measuring_new(&options, &measuring, &err));
    assert_ok(measuring_run(measuring, &sample, &measurer, 1, values, &spans, &err));
    measuring_free(measuring);
}

static void the_fact_language_has_a_share_or_a_reason(void **state)
{
    struct fact_value values[2 * N_TEXT_PARTS];

    (void)state;
    if (LANGUAGE_LEFT_OUT)
        skip();
    measure_language_of(GERMAN "\n```\n" CODE CODE "```\n", values);
    assert_null(values[0].reason);
    assert_string_equal(values[0].text, "de");
    assert_true(values[1].real > 0.9 && values[1].real <= 1);
    measure_language_of(GERMAN "\n" GERMAN "\n" GERMAN "\n" GERMAN "\n" ENGLISH, values);
    assert_null(values[0].reason);
    assert_string_equal(values[0].text, "de");
    assert_true(values[1].real >= 0.7 && values[1].real < 0.9);
    measure_language_of("1 + 1 = 2", values);
    assert_string_equal(values[0].reason, "too_few_letters");
    assert_string_equal(values[1].reason, "too_few_letters");
    measure_language_of(GERMAN " " ENGLISH, values);
    assert_string_equal(values[0].reason, "not_certain");
}

static void each_fact_has_a_name_of_its_own_and_stands_in_its_page(void **state)
{
    struct fact_column_of columns[MAX_COLUMNS];
    size_t n = 0;

    (void)state;
    for (size_t m = 0; measurers[m]; m++) {
        assert_true((measurers[m]->measure != NULL) != (measurers[m]->verify != NULL));
        for (size_t i = 0; i < measurer_count_columns(measurers[m]); i++, n++) {
            assert_true(n < MAX_COLUMNS);
            measurer_column(measurers[m], i, &columns[n]);
            for (size_t j = 0; j < n; j++)
                assert_string_not_equal(columns[j].name, columns[n].name);
            assert_ptr_equal(measurer_of_fact(columns[n].name), measurers[m]);
            if (!strstr(measurer_page(measurers[m]), columns[n].fact->name))
                fail_msg("docs/facts.md: the section %s lacks %s", measurers[m]->name,
                         columns[n].fact->name);
        }
    }
    assert_null(measurer_find("nothing"));
    assert_null(measurer_of_fact("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_keep_joining_characters_and_symbols_stand_alone),
        cmocka_unit_test(lines_and_paragraphs_are_split_at_line_ends),
        cmocka_unit_test(facts_are_measured_of_the_whole_and_of_each_part),
        cmocka_unit_test(tokens_are_those_of_the_vocabulary),
        cmocka_unit_test(a_text_that_is_several_parts_or_a_turn_is_measured_once),
        cmocka_unit_test(the_fact_language_has_a_share_or_a_reason),
        cmocka_unit_test(each_fact_has_a_name_of_its_own_and_stands_in_its_page),
    };

    return cmocka_run_group_tests_name("scoring/measurers", tests, NULL, NULL);
}
