/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flagged words in random texts, against a search that tries every phrase at every word. Words
 * are drawn as numbers, and written in one of several spellings that are the same word. So the
 * expected counts come from the numbers alone, without splitting or normalising any text.
 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "scoring/facts/flag_list.h"
#include "scoring/facts/measured_text.h"
#include "tests/support/rng.h"

enum { ROUNDS = 1500, PHRASES_MAX = 24, TEXT_MAX = 300, SPELLINGS = 4, BYTES_ROUNDS = 3000 };

static const struct {
    const char *spellings[SPELLINGS];
    bool is_symbol;
} words[] = {
    { { "damn", "DAMN", "Damn", "\xef\xbd\x84\xef\xbd\x81\xef\xbd\x8d\xef\xbd\x8e" }, false },
    { { "damned", "DamneD", "damned", "DAMNED" }, false },
    { { "stra\xc3\x9f\x65", "STRASSE", "strasse", "Stra\xc3\x9f\x65" }, false },
    { { "bl\xc3\xb6\x64", "BL\xc3\x96\x44", "blo\xcc\x88\x64", "BLo\xcc\x88\x44" }, false },
    { { "blod", "BLOD", "Blod", "blod" }, false },
    { { "\xe4\xbb\x96", "\xe4\xbb\x96", "\xe4\xbb\x96", "\xe4\xbb\x96" }, false },
    { { "\xe5\xa6\x88", "\xe5\xa6\x88", "\xe5\xa6\x88", "\xe5\xa6\x88" }, false },
    { { "$", "\xef\xbc\x84", "$", "\xef\xb9\xa9" }, true },
    { { "!", "\xef\xbc\x81", "!", "!" }, true },
    { { "fin", "\xef\xac\x81n", "FIN", "\xef\xac\x81N" }, false },
    { { "don't", "DON'T", "Don't", "don't" }, false },
    { { "x-ray", "X-Ray", "X-RAY", "x-ray" }, false },
    { { "\xed\x95\x9c\xea\xb5\xad", "\xed\x95\x9c\xea\xb5\xad",
        "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xea\xb5\xad", "\xed\x95\x9c\xea\xb5\xad" },
      false },
    { { "\xd1\x91\xd0\xb6", "\xd0\x81\xd0\x96", "\xd0\xb5\xcc\x88\xd0\xb6",
        "\xd0\x81\xd0\xb6" },
      false },
    { { "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
        "Qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
        "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqQ",
        "QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ" },
      false },
    { { "\xf0\x9d\x90\x9a", "a", "A", "\xf0\x9d\x90\x80" }, false },
};
enum { N_WORDS = sizeof words / sizeof *words };

struct numbers {
    size_t n;
    uint8_t of[TEXT_MAX];
};

struct drawn {
    struct numbers phrases[PHRASES_MAX];
    size_t n_phrases;
    struct numbers text;
    size_t n_words; /* the first of `words` that are drawn */
};

static void draw_numbers(struct rng *rng, size_t n, size_t n_words, struct numbers *out)
{
    const size_t first = rng_below(rng, N_WORDS);

    out->n = n;
    for (size_t i = 0; i < n; i++)
        out->of[i] = (uint8_t)((first + rng_below(rng, n_words)) % N_WORDS);
}

static void draw(struct rng *rng, struct drawn *out)
{
    out->n_words = 1 + rng_below(rng, rng_below(rng, 2) ? 3 : N_WORDS);
    out->n_phrases = 1 + rng_below(rng, PHRASES_MAX);
    for (size_t i = 0; i < out->n_phrases; i++) {
        const size_t most = rng_below(rng, 6) == 0 ? FLAG_PHRASE_MAX_TOKENS : 4;

        draw_numbers(rng, 1 + rng_below(rng, most), out->n_words, &out->phrases[i]);
        /* Half of the phrases begin as another does. */
        if (i > 0 && rng_below(rng, 2)) {
            const struct numbers *other = &out->phrases[rng_below(rng, i)];
            const size_t n = 1 + rng_below(rng, other->n);

            memcpy(out->phrases[i].of, other->of, n);
            out->phrases[i].n = out->phrases[i].n < n ? n : out->phrases[i].n;
        }
    }
    draw_numbers(rng, rng_below(rng, TEXT_MAX), out->n_words, &out->text);
    /* Parts of the text are phrases. */
    for (size_t at = 0; at < out->text.n; at += 1 + rng_below(rng, 30)) {
        const struct numbers *phrase = &out->phrases[rng_below(rng, out->n_phrases)];
        const size_t left = out->text.n - at;

        memcpy(out->text.of + at, phrase->of, phrase->n < left ? phrase->n : left);
    }
}

/* Append the words in spellings drawn at random, separated by white space. */
static void write_words(struct rng *rng, const struct numbers *numbers, bool on_a_line,
                        struct buf *out)
{
    static const char *const spaces[] = { " ", "\t", "  ", "\xe3\x80\x80", "\n", "\n\n" };
    struct error err;

    for (size_t i = 0; i < numbers->n; i++) {
        if (i > 0)
            assert_ok(buf_add_text(out, spaces[rng_below(rng, on_a_line ? 4 : 6)], &err));
        assert_ok(buf_add_text(out, words[numbers->of[i]].spellings[rng_below(rng, SPELLINGS)],
                               &err));
    }
}

/* Write the phrases as a list, in any order, with comments and with phrases twice. Phrases that
 * are too long when they are written are written as they are only if they fit. */
static void write_list(struct rng *rng, const struct drawn *drawn, struct buf *out)
{
    const size_t first = rng_below(rng, drawn->n_phrases);
    struct error err;

    for (size_t i = 0; i < drawn->n_phrases; i++) {
        const struct numbers *phrase = &drawn->phrases[(first + i) % drawn->n_phrases];

        for (size_t times = 1 + rng_below(rng, 2); times > 0; times--) {
            if (rng_below(rng, 4) == 0)
                assert_ok(buf_add_text(out, "  # damn fin\n\n", &err));
            write_words(rng, phrase, true, out);
            assert_ok(buf_add_text(out, rng_below(rng, 2) ? "\n" : " \r\n", &err));
        }
    }
}

static bool begins_with(const struct numbers *text, size_t at, const struct numbers *phrase)
{
    return text->n - at >= phrase->n && memcmp(text->of + at, phrase->of, phrase->n) == 0;
}

static struct flag_counts count_by_trying_all(const struct drawn *drawn)
{
    struct flag_counts counts = { 0 };

    for (size_t at = 0; at < drawn->text.n;) {
        size_t longest = 0;

        for (size_t i = 0; i < drawn->n_phrases; i++)
            if (drawn->phrases[i].n > longest &&
                begins_with(&drawn->text, at, &drawn->phrases[i]))
                longest = drawn->phrases[i].n;
        counts.n_phrases += longest > 0;
        for (size_t i = at; i < at + longest; i++)
            counts.n_words += !words[drawn->text.of[i]].is_symbol;
        at += longest > 0 ? longest : 1;
    }
    return counts;
}

static void counts_are_those_of_trying_every_phrase(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct text_splitter *splitter;
    struct buf list_text, text;
    struct error err;
    size_t n_found = 0;

    (void)state;
    buf_init(&list_text, SIZE_MAX / 2);
    buf_init(&text, SIZE_MAX / 2);
    assert_ok(text_splitter_new(&splitter, &err));
    for (int round = 0; round < ROUNDS; round++) {
        struct flag_list *list = NULL, *again = NULL;
        struct measured_text measured;
        struct flag_counts got;
        struct drawn drawn;

        draw(&rng, &drawn);
        buf_clear(&list_text);
        write_list(&rng, &drawn, &list_text);
        if (flag_list_parse(buf_slice(&list_text), &list, &err) < 0) {
            assert_non_null(strstr(err.msg, "at most 1,024 bytes"));
            continue;
        }
        buf_clear(&text);
        write_words(&rng, &drawn.text, false, &text);
        assert_ok(text_split(splitter, buf_slice(&text), &measured, &err));
        assert_int_equal(measured.n_tokens, drawn.text.n);
        assert_ok(flag_list_find(list, &measured, &got, &err));
        const struct flag_counts want = count_by_trying_all(&drawn);
        assert_int_equal(got.n_phrases, want.n_phrases);
        assert_int_equal(got.n_words, want.n_words);
        n_found += got.n_phrases;
        buf_clear(&list_text);
        write_list(&rng, &drawn, &list_text);
        if (flag_list_parse(buf_slice(&list_text), &again, &err) == 0) {
            const struct hash a = flag_list_hash(list), b = flag_list_hash(again);

            assert_memory_equal(&a, &b, sizeof a);
        }
        flag_list_free(again);
        flag_list_free(list);
    }
    assert_true(n_found > ROUNDS);
    text_splitter_free(splitter);
    buf_release(&list_text);
    buf_release(&text);
}

/* Random bytes, or bytes of words and of what stands between them. */
static size_t draw_bytes(struct rng *rng, char *out, size_t max)
{
    static const char near[] =
        "aA#\n\r \t\xcc\x88\xe4\xbb\x96\xef\xbb\xbf\xed\x95\x9c\xff\xc3\x9f$'-";
    const size_t n = rng_below(rng, max);
    const bool any = rng_below(rng, 4) == 0;

    for (size_t i = 0; i < n; i++)
        out[i] = any ? (char)rng_below(rng, 256) : near[rng_below(rng, sizeof near - 1)];
    return n;
}

static void any_bytes_are_a_list_or_an_error(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct text_splitter *splitter;
    char list_bytes[64], text[200];
    struct error err;

    (void)state;
    assert_ok(text_splitter_new(&splitter, &err));
    for (int round = 0; round < BYTES_ROUNDS; round++) {
        const struct slice bytes =
            slice_of(list_bytes, draw_bytes(&rng, list_bytes, sizeof list_bytes));
        struct flag_list *list = NULL;
        struct measured_text measured;
        struct flag_counts counts;

        if (flag_list_parse(bytes, &list, &err) < 0) {
            assert_int_equal(err.code, ERR_INPUT);
            continue;
        }
        assert_ok(text_split(splitter, slice_of(text, draw_bytes(&rng, text, sizeof text)),
                             &measured, &err));
        assert_ok(flag_list_find(list, &measured, &counts, &err));
        assert_true(counts.n_words <= measured.n_words);
        assert_true(counts.n_phrases <= measured.n_tokens);
        flag_list_free(list);
    }
    text_splitter_free(splitter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_trying_every_phrase),
        cmocka_unit_test(any_bytes_are_a_list_or_an_error),
    };

    return cmocka_run_group_tests_name("scoring/flagged, properties", tests, NULL, NULL);
}
