/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a text. Random texts are split by a second way as well: normalised as a whole,
 * then split character by character.
 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text/utf8.h"
#include "scoring/duplicates/words.h"
#include "tests/support/rng.h"

static int make_reader(void **state)
{
    struct error err;

    assert_ok(word_reader_new(false, (struct word_reader **)state, &err));
    return 0;
}

static int free_reader(void **state)
{
    word_reader_free(*state);
    return 0;
}

static struct word_list split(struct word_reader *reader, struct slice text)
{
    struct word_list list;
    struct error err;

    assert_ok(word_reader_split(reader, text, &list, &err));
    return list;
}

/* Compare the words with `want`, where '|' stands between words. */
static void assert_words(struct word_reader *reader, struct slice text, const char *want)
{
    const struct word_list list = split(reader, text);
    char shown[1000];

    assert_true(list.bytes.len < sizeof shown);
    for (size_t i = 0; i < list.bytes.len; i++)
        shown[i] = list.bytes.ptr[i] == WORD_SEPARATOR ? '|' : list.bytes.ptr[i];
    shown[list.bytes.len] = '\0';
    assert_string_equal(shown, want);
}

static void words_are_runs_of_letters_marks_and_numbers(void **state)
{
    static const char *const cases[][2] = {
        { "", "" },
        { " ?! \n", "" },
        { "Ok!", "ok" },
        { "don't  stop: 3.14", "don|t|stop|3|14" },
        { "snake_case a-b", "snake|case|a|b" },
        { "STRASSE Stra\xc3\x9f"
          "e",
          "strasse|strasse" },
        { "\xef\xac\x81ne \xef\xbc\xa1\xef\xbc\x92", "fine|a2" }, /* fi ligature, wide A2 */
        { "cafe\xcc\x81 caf\xc3\xa9", "caf\xc3\xa9|caf\xc3\xa9" },
        { "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2",
          "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" },
        { "x\xc2\xbd", "x1|2" }, /* the half is 1, a fraction slash, 2 */
        { "a\xc2\xadz \xe2\x80\x9cq\xe2\x80\x9d", "a|z|q" }, /* soft hyphen, quotes */
        { "=\xcc\xb8", "" },                                 /* they compose to a sign */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_words(*state, slice_text(cases[i][0]), cases[i][1]);
    assert_words(*state, slice_of("a\0b", 3), "a|b");
}

static void characters_of_scripts_without_spaces_are_words(void **state)
{
    assert_words(*state,
                 slice_text("\xe6\x88\x91\xe4\xbb\xac"
                            "ABC\xe3\x80\x82\xe3\x81\x8b\xe3\x82\x99"),
                 "\xe6\x88\x91|\xe4\xbb\xac|abc|\xe3\x81\x8c");
    assert_words(*state, slice_text("\xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2"),
                 "\xe0\xb9\x84|\xe0\xb8\x97|\xe0\xb8\xa2");
    assert_words(*state,
                 slice_text("\xed\x95\x9c\xea\xb8\x80 \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"),
                 "\xed\x95\x9c\xea\xb8\x80|\xed\x95\x9c");
}

static void runs_of_digits_become_zero_on_request(void **state)
{
    struct word_reader *reader;
    struct error err;

    (void)state;
    assert_ok(word_reader_new(true, &reader, &err));
    assert_words(reader, slice_text("In 2024, 3.14 and a12b7 X"), "in|0|0|0|and|a0b0|x");
    assert_words(reader, slice_text("\xd9\xa1\xd9\xa2 \xef\xbc\x91\xef\xbc\x92"), "0|0");
    word_reader_free(reader);
}

static void a_word_knows_the_text_that_it_was_made_of(void **state)
{
    const struct slice text =
        slice_text(" Caf\x65\xcc\x81! \xef\xac\x81x \xe6\x88\x91\xe4\xbb\xac");
    static const uint32_t want[][2] = { { 1, 7 }, { 9, 13 }, { 14, 17 }, { 17, 20 } };
    const struct word_list list = split(*state, text);

    assert_int_equal(list.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < list.n; i++) {
        assert_int_equal(list.words[i].text_start, want[i][0]);
        assert_int_equal(list.words[i].text_end, want[i][1]);
    }
}

static bool is_alone(uint32_t code)
{
    return (code >= 0xe00 && code < 0xf00) || (code >= 0x1000 && code < 0x10a0) ||
           (code >= 0x1780 && code < 0x1800) || (code >= 0x3000 && code < 0x3100) ||
           (code >= 0x3400 && code < 0xa000) || (code >= 0xf900 && code < 0xfb00) ||
           (code >= 0x20000 && code < 0x40000);
}

/* The slow way. */
static void split_slowly(struct slice text, struct buf *out)
{
    struct error err;
    struct buf folded;
    bool open = false;

    buf_init(&folded, SIZE_MAX);
    buf_clear(out);
    assert_ok(utf8_fold(text, &folded, &err));
    for (size_t i = 0, len; i < folded.len; i += len) {
        const struct slice rest = slice_of(folded.data + i, folded.len - i);
        const uint32_t code = utf8_first(rest, &len);

        if (!utf8_is_word(code)) {
            open = false;
            continue;
        }
        if (out->len > 0 && (!open || is_alone(code)))
            assert_ok(buf_add(out, "\x1f", 1, &err));
        assert_ok(buf_add(out, rest.ptr, len, &err));
        open = !is_alone(code);
    }
    buf_release(&folded);
}

/* A character of a block where things combine, or any one. */
static uint32_t random_code(struct rng *rng)
{
    static const uint32_t firsts[] = { 0x20,   0x20,   0x40,   0x60,   0xa0,   0x300,
                                       0x340,  0x370,  0x400,  0x590,  0x900,  0x9a0,
                                       0xbb0,  0xdc0,  0xe30,  0x1020, 0x1100, 0x1160,
                                       0x11a0, 0x1e00, 0x2000, 0x2150, 0x3040, 0x3090,
                                       0x3130, 0x4e00, 0xac00, 0xfb00, 0xff60, 0x1d400 };

    if (rng_below(rng, 20) > 0)
        return firsts[rng_below(rng, sizeof firsts / sizeof *firsts)] +
               (uint32_t)rng_below(rng, 32);
    for (;;) {
        const uint32_t code = (uint32_t)rng_below(rng, 0x20000);

        /* Kana supplements are not in the test's own list of scripts. */
        if ((code < 0xd800 || code > 0xdfff) && !(code >= 0x2e80 && code < 0x3400) &&
            !(code >= 0xa9e0 && code < 0xaa80) && code < 0x11000)
            return code;
    }
}

static void random_texts_have_the_words_of_their_whole_normal_form(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct buf want;
    char text[400];

    buf_init(&want, SIZE_MAX);
    for (int round = 0; round < 20000; round++) {
        const size_t n = 1 + rng_below(&rng, 60);
        size_t len = 0;

        for (size_t i = 0; i < n; i++)
            len += utf8_put(random_code(&rng), text + len);
        split_slowly(slice_of(text, len), &want);
        const struct word_list list = split(*state, slice_of(text, len));
        if (!slice_equal(list.bytes, buf_slice(&want)))
            fail_msg("round %d: %.*s", round, (int)len, text);
        for (size_t i = 0; i < list.n; i++) {
            const struct word *word = &list.words[i];

            assert_true(word->len > 0 && word->text_start < word->text_end);
            assert_true(word->text_end <= len);
            assert_int_equal(word->start,
                             i > 0 ? list.words[i - 1].start + list.words[i - 1].len + 1 : 0);
        }
    }
    buf_release(&want);
}

/* Characters that the piecewise way takes to start a piece do not combine with what is before
 * them, whatever that is. */
static void characters_that_start_change_nothing_before_them(void **state)
{
    static const uint32_t before[] = {
        'e', 0x301, 0x9c7, 0xbc6, 0x1100, 0xac00, 0x304b, 0xb47
    };
    struct buf whole;
    struct buf parts;
    struct error err;
    size_t n_starts = 0;

    (void)state;
    buf_init(&whole, SIZE_MAX);
    buf_init(&parts, SIZE_MAX);
    for (uint32_t code = 0x80; code < 0x20000; code++) {
        if ((code >= 0xd800 && code <= 0xdfff) || !utf8_is_fold_start(code))
            continue;
        for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
            char text[8];
            const size_t n = utf8_put(before[i], text);
            const size_t len = n + utf8_put(code, text + n);

            buf_clear(&whole);
            buf_clear(&parts);
            assert_ok(utf8_fold(slice_of(text, len), &whole, &err));
            assert_ok(utf8_fold(slice_of(text, n), &parts, &err));
            assert_ok(utf8_fold(slice_of(text + n, len - n), &parts, &err));
            assert_true(slice_equal(buf_slice(&whole), buf_slice(&parts)));
        }
        n_starts++;
    }
    assert_true(n_starts > 100000);
    buf_release(&whole);
    buf_release(&parts);
}

/* Marks that have to be exchanged: 10 MB of them in one piece would take hours. */
static void long_runs_of_marks_take_linear_time(void **state)
{
    const size_t n = TEST_IS_SANITIZED ? 200000 : 2000000;
    struct error err;
    struct buf text;

    buf_init(&text, SIZE_MAX);
    assert_ok(buf_add_text(&text, "a", &err));
    for (size_t i = 0; i < n; i++)
        assert_ok(buf_add_text(&text, "\xcc\x81\xef\xbe\x9e", &err)); /* 230, then 8 */
    const struct word_list list = split(*state, buf_slice(&text));
    assert_true(list.n > n);
    assert_int_equal(list.words[list.n - 1].text_end, text.len);
    buf_release(&text);
}

static void long_texts_are_split_like_short_ones(void **state)
{
    struct error err;
    struct buf text;

    buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < 100000; i++)
        assert_ok(buf_add_text(&text, "Ab\xc3\x89 cd, e\xcc\x81x ", &err));
    const struct word_list list = split(*state, buf_slice(&text));
    assert_int_equal(list.n, 300000);
    for (size_t i = 0; i < list.n; i += 3) {
        assert_true(slice_equal(slice_of(list.bytes.ptr + list.words[i].start, 12),
                                slice_text("ab\xc3\xa9\x1f"
                                           "cd\x1f\xc3\xa9x\x1f")) ||
                    i + 3 == list.n);
        assert_int_equal(list.words[i].text_start, i / 3 * 14);
    }
    buf_release(&text);
}

static void texts_of_a_gibibyte_are_refused(void **state)
{
    struct word_list list;
    struct error err;

    assert_fails(word_reader_split(*state, slice_of("", (size_t)1 << 30), &list, &err),
                 ERR_INPUT, "at most 1 GiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_runs_of_letters_marks_and_numbers),
        cmocka_unit_test(characters_of_scripts_without_spaces_are_words),
        cmocka_unit_test(runs_of_digits_become_zero_on_request),
        cmocka_unit_test(a_word_knows_the_text_that_it_was_made_of),
        cmocka_unit_test(random_texts_have_the_words_of_their_whole_normal_form),
        cmocka_unit_test(characters_that_start_change_nothing_before_them),
        cmocka_unit_test(long_runs_of_marks_take_linear_time),
        cmocka_unit_test(long_texts_are_split_like_short_ones),
        cmocka_unit_test(texts_of_a_gibibyte_are_refused),
    };

    return cmocka_run_group_tests_name("scoring/duplicates/words", tests, make_reader,
                                       free_reader);
}
