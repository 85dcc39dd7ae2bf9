/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/text/regex.h"
#include "scoring/infer/tokenizer/pretok.h"

/* Append a word in brackets. */
static int write_word(const void *state, struct slice word, struct error *err)
{
    struct buf *out = *(struct buf *const *)state;

    return buf_printf(out, err, "[%.*s]", (int)word.len, word.ptr);
}

static void assert_words(const char *name, const char *text, const char *want)
{
    struct error err;
    struct pretok *pretok = NULL;
    struct regex_match *match = NULL;
    struct buf out;
    struct buf *const state = &out;
    const struct word_sink sink = { write_word, &state };

    buf_init(&out, 1 << 16);
    assert_ok(pretok_new(slice_text(name), &pretok, &err));
    assert_ok(regex_match_new(&match, &err));
    assert_ok(pretok_split(pretok, match, slice_text(text), &sink, &err));
    if (!out.data || strcmp(out.data, want) != 0)
        fail_msg("%s: '%s' is cut into %s, not %s", name, text, out.data, want);
    buf_release(&out);
    regex_match_free(match);
    pretok_free(pretok);
}

static void words_are_split_with_the_space_before_them(void **state)
{
    (void)state;
    assert_words("gpt-2", "Hello there, it's 12345 o'clock!\n",
                 "[Hello][ there][,][ it]['s][ 12345][ o]['][clock][!][\n]");
    assert_words("gpt-2", "a   b \n\n c  ", "[a][  ][ b][ \n\n][ c][  ]");
}

static void numbers_are_split_as_in_the_family(void **state)
{
    (void)state;
    assert_words("gpt-2", " 12345", "[ 12345]");
    assert_words("llama-bpe", " 12345", "[ ][123][45]");
    assert_words("qwen2", " 123", "[ ][1][2][3]");
    assert_words("starcoder", " 123", "[ ][1][2][3]");
    assert_words("falcon", "a 1234567", "[a][ ][123][456][7]");
    assert_words("default", "a 1234567", "[a][ ][123][456][7]");
    assert_words("deepseek-llm", "1234", "[1234]");
    assert_words("deepseek-coder", "1234", "[1][2][3][4]");
}

static void contractions_are_split_in_any_case(void **state)
{
    (void)state;
    assert_words("llama-bpe", "IT'S we'LL", "[IT]['S][ we]['LL]");
    assert_words("gpt-2", "IT'S", "[IT]['][S]");
}

static void punctuation_is_split_with_the_line_ends_after_it(void **state)
{
    (void)state;
    assert_words("qwen2", "a.\n\n  b", "[a][.\n\n][ ][ b]");
    assert_words("falcon", "a.$b", "[a][.$][b]");
}

static void scripts_are_split_as_in_the_family(void **state)
{
    (void)state;
    assert_words("deepseek-coder", "ab\u4e2d\u6587\u00e9", "[ab][\u4e2d\u6587][\u00e9]");
    assert_words("gpt-2", "ab\u4e2d\u6587", "[ab\u4e2d\u6587]");
    assert_words("deepseek-llm", "ab\u4e2d\u6587", "[ab][\u4e2d\u6587]");
    /* The rule's list of cased letters lacks the small Armenian ones. Its marks include all
     * ASCII letters, so other letters are split from them. */
    assert_words("deepseek-llm", "\u0531\u0532\u0561", "[\u0531\u0532][\u0561]");
    assert_words("deepseek-llm", "na\u00efve. ", "[na][\u00ef][ve][.][ ]");
}

static void words_are_split_at_capitals_as_in_the_family(void **state)
{
    (void)state;
    assert_words("tekken", "HTTPServer isUp", "[HTTPServer][ is][Up]");
    assert_words("tekken", "don't 12/\n", "[don]['t][ ][1][2][/\n]");
    assert_words("gpt-4o", "camelCase IT'S we'LL've", "[camel][Case][ IT'S][ we'LL]['ve]");
    assert_words("gpt-4o", " 12345", "[ ][123][45]");
    /* Capitals and small letters of any script; marks belong to both. */
    assert_words("tekken", "\u00c9t\u00e9\u0414\u0430", "[\u00c9t\u00e9][\u0414\u0430]");
    assert_words("llama4", "e\u0301T", "[e\u0301][T]");
}

static void ascii_punctuation_joins_letters_as_in_the_family(void **state)
{
    (void)state;
    assert_words("deepseek-v3", "a.b \u4e2dc 1234 @x",
                 "[a][.b][ ][\u4e2d][c][ ][123][4][ @][x]");
    assert_words("deepseek-v3", "e\u0301a $%", "[e\u0301a][ $%]");
    assert_words("qwen35", "e\u0301a 12", "[e\u0301a][ ][1][2]");
    assert_words("bloom", "Hello, world (a|b)...", "[Hello][,][ world][ (][a][|][b][)...]");
    assert_words("viking", "a 12,3", "[a][ ][1][2][,][3]");
    assert_words("minicpm5", "a 1234", "[a][ ][123][4]");
    assert_words("youtu", "ab\ud55c\uad6d\uff0c\u4e2d 12",
                 "[ab][\ud55c\uad6d][\uff0c][\u4e2d][ ][1][2]");
    assert_words("chameleon", "a  b12IMGIMGABZ.", "[a][  ][b][1][2][IMGIMGABZ][.]");
}

static int count_word(const void *state, struct slice word, struct error *err)
{
    size_t *n_bytes = *(size_t *const *)state;

    (void)err;
    *n_bytes += word.len;
    return 0;
}

/* An expression may read a whole run before it finds that a shorter part is a word. */
static void runs_of_many_megabytes_are_split(void **state)
{
    enum { N = 12000000 };
    static const char *const names[] = { "llama-bpe", "gpt-2", "deepseek-v3", "tekken" };
    static const char runs[] = { ' ', 'A' };
    char *text = test_malloc(N);
    struct regex_match *match = NULL;
    struct error err;

    (void)state;
    assert_ok(regex_match_new(&match, &err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pretok *pretok = NULL;

        assert_ok(pretok_new(slice_text(names[i]), &pretok, &err));
        for (size_t j = 0; j < sizeof runs; j++) {
            size_t n_bytes = 0;
            size_t *const counter = &n_bytes;
            const struct word_sink sink = { count_word, &counter };

            memset(text, runs[j], N);
            text[N - 1] = 'x';
            assert_ok(pretok_split(pretok, match, slice_of(text, N), &sink, &err));
            assert_int_equal(n_bytes, N);
        }
        pretok_free(pretok);
    }
    regex_match_free(match);
    test_free(text);
}

/* U+180E was white space until Unicode 6.3; U+0085 still is. */
static void white_space_is_that_of_current_unicode(void **state)
{
    (void)state;
    assert_words("gpt-2", "a\u180e\u180eb", "[a][\u180e\u180e][b]");
    assert_words("gpt-2", "!\u180e", "[!\u180e]");
    assert_words("gpt-2", "!\xc2\x85", "[!][\xc2\x85]");
}

static void names_of_one_family_have_one_rule(void **state)
{
    struct error err;
    struct pretok *pretok = NULL;

    (void)state;
    assert_ok(pretok_new(slice_text("refact"), &pretok, &err));
    assert_string_equal(pretok_name(pretok), "refact");
    assert_string_equal(pretok_rule(pretok), "starcoder");
    pretok_free(pretok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_with_the_space_before_them),
        cmocka_unit_test(numbers_are_split_as_in_the_family),
        cmocka_unit_test(contractions_are_split_in_any_case),
        cmocka_unit_test(punctuation_is_split_with_the_line_ends_after_it),
        cmocka_unit_test(scripts_are_split_as_in_the_family),
        cmocka_unit_test(words_are_split_at_capitals_as_in_the_family),
        cmocka_unit_test(ascii_punctuation_joins_letters_as_in_the_family),
        cmocka_unit_test(runs_of_many_megabytes_are_split),
        cmocka_unit_test(white_space_is_that_of_current_unicode),
        cmocka_unit_test(names_of_one_family_have_one_rule),
    };

    return cmocka_run_group_tests_name("infer/pretok", tests, NULL, NULL);
}
