/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "stages/record/defect.h"
#include "stages/record/repair.h"
#include "tests/support/rng.h"

enum { ROUNDS = 20000, TEXT_MAX = 200 };

#define ENTITY    defect_bit(DEFECT_HTML_ENTITY)
#define MOJIBAKE  defect_bit(DEFECT_MOJIBAKE)
#define INVISIBLE defect_bit(DEFECT_INVISIBLE)

static struct slice repair(struct arena *arena, struct slice text, uint64_t kinds,
                           uint64_t *repaired)
{
    struct error err;

    *repaired = 0;
    assert_ok(repair_text(&text, kinds, arena, repaired, &err));
    return text;
}

static void assert_repaired(const char *text, const char *want, uint64_t kinds)
{
    struct arena arena;
    uint64_t repaired;

    arena_init(&arena);
    const struct slice got = repair(&arena, slice_text(text), kinds, &repaired);
    if (!slice_equal(got, slice_text(want)))
        fail_msg("\"%s\" becomes \"%.*s\", not \"%s\"", text, (int)got.len, got.ptr, want);
    if ((repaired != 0) != (strcmp(text, want) != 0))
        fail_msg("\"%s\": says %d", text, (int)repaired);
    arena_release(&arena);
}

static void entities_are_decoded(void **state)
{
    static const char *const pairs[][2] = {
        { "Q&amp;A", "Q&A" },
        { "&lt;&gt;&quot;&apos;&#39;&#x27;", "<>\"\'\'\'" },
        { "caf&eacute; 5&nbsp;&euro;", "caf\xc3\xa9 5\xc2\xa0\xe2\x82\xac" },
        { "it&#146;s &#8217; &#x1F600;", "it\xe2\x80\x99s \xe2\x80\x99 \xf0\x9f\x98\x80" },
        { "&AElig;&yuml;&frac12;&trade;", "\xc3\x86\xc3\xbf\xc2\xbd\xe2\x84\xa2" },
        /* encoded more than once */
        { "a &amp;amp;amp;lt; b", "a < b" },
        { "&#38;amp;", "&" },
        { "&&#97;mp;", "&" },
        { "&amp&#59;", "&" },
        { "&amp;#8212;", "\xe2\x80\x94" },
        /* These are not entities. */
        { "AT&T; R&D &; &#; &#x; &#xg; &none; &amp",
          "AT&T; R&D &; &#; &#x; &#xg; &none; &amp" },
        { "&#0;&#10;&#127;&#129;&#xd800;&#1114112;",
          "&#0;&#10;&#127;&#129;&#xd800;&#1114112;" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_repaired(pairs[i][0], pairs[i][1], ENTITY);
}

static void entities_in_code_and_markup_are_left_alone(void **state)
{
    static const char *const pairs[][2] = {
        { "write `&lt;` for &lt;", "write `&lt;` for <" },
        { "```html\n&amp;\n``` &amp;", "```html\n&amp;\n``` &" },
        { "``a ` &lt;`` &lt;", "``a ` &lt;`` <" },
        { "a lone ` &lt;", "a lone ` <" },
        { "<p>a &amp; b</p>", "<p>a &amp; b</p>" },
        { "&lt;b&gt; &amp;amp; c", "<b> & c" },
        { "&#96;&lt;&#96;", "&#96;<&#96;" }, /* decoding these backquotes would make code */
        { "1 < 2 &amp; 3", "1 < 2 & 3" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_repaired(pairs[i][0], pairs[i][1], ENTITY);
}

#define A_HAT_EURO                                                                             \
    "\xc3\xa2\xe2\x82\xac" /* the first two characters of a quotation mark in mojibake */

static void mojibake_is_repaired(void **state)
{
    static const char *const pairs[][2] = {
        { "it" A_HAT_EURO "\xe2\x84\xa2s", "it\xe2\x80\x99s" },
        { A_HAT_EURO "\xc5\x93x" A_HAT_EURO "\xc2\x9d", "\xe2\x80\x9cx\xe2\x80\x9d" },
        { "caf\xc3\x83\xc2\xa9", "caf\xc3\xa9" },
        { "5 \xc3\x82\xc2\xa3", "5 \xc2\xa3" },
        /* encoded twice */
        { "caf\xc3\x83\xc6\x92\xc3\x82\xc2\xa9", "caf\xc3\xa9" },
        /* Cyrillic, Chinese, an emoji */
        { "\xc3\x90\xc2\xb4\xc3\x90\xc2\xb0", "\xd0\xb4\xd0\xb0" },
        { "\xc3\xa6\xe2\x80\x94\xc2\xa5\xc3\xa6\xc5\x93\xc2\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
        { "\xc3\xb0\xc5\xb8\xcb\x9c\xe2\x82\xac", "\xf0\x9f\x98\x80" },
        /* Next to certain mojibake, likely mojibake is repaired, too. */
        { "\xc3\x83\xe2\x80\x93sterreich f\xc3\x83\xc2\xbcr c\xc3\x85\xe2\x80\x9cur",
          "\xc3\x96sterreich f\xc3\xbcr c\xc5\x93ur" },
        /* Correct text. */
        { "CAF\xc3\x89\xe2\x80\xa6 \xe2\x80\x9cMANH\xc3\x83\xe2\x80\x9d",
          "CAF\xc3\x89\xe2\x80\xa6 \xe2\x80\x9cMANH\xc3\x83\xe2\x80\x9d" },
        { "na\xc3\xafve \xe2\x82\xac 5 \xd0\xb4\xd0\xb0 \xe6\x97\xa5",
          "na\xc3\xafve \xe2\x82\xac 5 \xd0\xb4\xd0\xb0 \xe6\x97\xa5" },
        { "lost its end: " A_HAT_EURO " x", "lost its end: " A_HAT_EURO " x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_repaired(pairs[i][0], pairs[i][1], MOJIBAKE);
}

static void invisible_characters_are_removed(void **state)
{
    (void)state;
    assert_repaired("\xef\xbb\xbf"
                    "a\xe2\x80\x8b"
                    "b\xe2\x80\xae",
                    "ab", INVISIBLE);
    assert_repaired("a\xe2\x80\x8d-\xef\xbf\xbd", "a\xe2\x80\x8d-\xef\xbf\xbd", INVISIBLE);
    assert_repaired("&am\xe2\x80\x8bp;", "&", INVISIBLE | ENTITY);
    assert_repaired("a&#8203;b", "ab", INVISIBLE | ENTITY);
    assert_repaired("a" A_HAT_EURO "\xe2\x80\xb9-", "a-", INVISIBLE | MOJIBAKE);
}

static void only_the_requested_defects_are_repaired(void **state)
{
    (void)state;
    assert_repaired("&amp; \xc3\x83\xc2\xa9", "& \xc3\x83\xc2\xa9", ENTITY);
    assert_repaired("&amp; \xc3\x83\xc2\xa9", "&amp; \xc3\xa9", MOJIBAKE);
    assert_repaired("&amp; \xc3\x83\xc2\xa9", "&amp; \xc3\x83\xc2\xa9", defect_bit(DEFECT_NUL));
}

/* Join pieces of damaged text in random order. */
static struct slice draw(struct rng *rng, char text[TEXT_MAX])
{
    static const char *const pieces[] = {
        "&",
        "amp;",
        "#38;",
        "lt;",
        "gt;",
        "`",
        "``",
        "<",
        "b",
        ";",
        "\xe2\x80\x8b",
        "\xc3\x83",
        "\xc2\xa9",
        "\xc3\x82",
        "\xc3\xa2",
        "\xe2\x82\xac",
        "\xe2\x84\xa2",
        "\xc6\x92",
        "&acirc;",
        "&#131;",
        "&euro;",
        "\xc5\x93",
        "\xc3\xaf",
        "\xc2\xbb",
        "\xc2\xbf",
        "\xe2\x80\xb9",
        "\xc3\xb0",
        "\xc5\xb8",
        "\xcb\x9c",
        "&#8203;",
        " ",
        "#",
        "\xc3\x85",
        "&Atilde;",
        "&#169;",
        "/",
    };
    size_t len = 0;

    for (size_t n = 1 + rng_below(rng, 14); n > 0; n--)
        len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s",
                                pieces[rng_below(rng, sizeof pieces / sizeof pieces[0])]);
    return slice_of(text, len);
}

static void repairing_a_repaired_text_changes_nothing(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    const uint64_t all = repair_known();
    struct arena arena;
    size_t n_changed = 0;

    (void)state;
    arena_init(&arena);
    for (int round = 0; round < ROUNDS; round++) {
        char text[TEXT_MAX];
        uint64_t repaired;

        arena_clear(&arena);
        const struct slice once = repair(&arena, draw(&rng, text), all, &repaired);
        n_changed += repaired != 0;
        const struct slice twice = repair(&arena, once, all, &repaired);
        if (repaired != 0 || !slice_equal(once, twice))
            fail_msg("seed %" PRIu64 ": \"%s\" -> \"%.*s\" -> \"%.*s\"", rng.seed, text,
                     (int)once.len, once.ptr, (int)twice.len, twice.ptr);
    }
    assert_true(n_changed > ROUNDS / 4);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities_are_decoded),
        cmocka_unit_test(entities_in_code_and_markup_are_left_alone),
        cmocka_unit_test(mojibake_is_repaired),
        cmocka_unit_test(invisible_characters_are_removed),
        cmocka_unit_test(only_the_requested_defects_are_repaired),
        cmocka_unit_test(repairing_a_repaired_text_changes_nothing),
    };

    return cmocka_run_group_tests_name("record/repair", tests, NULL, NULL);
}
