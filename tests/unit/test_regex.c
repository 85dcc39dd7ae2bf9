/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/text/regex.h"

struct found {
    size_t start;
    size_t end;
};

/* All matches one after another, as a pre-tokeniser finds them. */
static size_t find_all(const char *pattern, struct slice text, struct found *found, size_t max)
{
    struct regex *regex = NULL;
    struct regex_match *match = NULL;
    struct error err;
    size_t n = 0, at = 0;

    assert_ok(regex_new(pattern, &regex, &err));
    assert_ok(regex_match_new(&match, &err));
    while (n < max && at < text.len) {
        const int rc = regex_find(regex, match, text, at, &found[n].start, &found[n].end, &err);
        assert_int_not_equal(rc, -1);
        if (rc == 0)
            break;
        assert_true(found[n].end > at);
        at = found[n++].end;
    }
    regex_match_free(match);
    regex_free(regex);
    return n;
}

static void all_matches_of_a_text_are_found(void **state)
{
    struct found found[8];

    (void)state;
    assert_int_equal(find_all("[a-z]+|[0-9]", slice_text("abc 12x"), found, 8), 4);
    assert_int_equal(found[0].end, 3);
    assert_int_equal(found[1].start, 4);
    assert_int_equal(found[2].start, 5);
    assert_int_equal(found[3].end, 7);
}

static void letter_classes_cover_all_scripts(void **state)
{
    struct found found[8];
    const struct slice text = slice_text("Öl を 12");

    (void)state;
    assert_int_equal(find_all("\\p{L}+|\\p{N}+", text, found, 8), 3);
    assert_int_equal(found[0].end, 3);
    assert_int_equal(found[1].end - found[1].start, 3);
    assert_int_equal(found[2].end, text.len);
}

static void lookaround_sees_text_before_the_start_offset(void **state)
{
    struct found found[4];

    (void)state;
    /* The last space of a run belongs to the word after it. */
    assert_int_equal(find_all("\\s+(?!\\S)|\\S+| \\S+", slice_text("a   b"), found, 4), 3);
    assert_int_equal(found[1].end - found[1].start, 2);
    assert_int_equal(found[2].end - found[2].start, 2);
}

static void patterns_match_across_nul_bytes(void **state)
{
    struct found found[4];

    (void)state;
    assert_int_equal(find_all("b", slice_of("a\0b", 3), found, 4), 1);
    assert_int_equal(found[0].start, 2);
    assert_int_equal(find_all("b", slice_of(NULL, 0), found, 4), 0);
}

static void a_malformed_pattern_is_an_error_with_its_place(void **state)
{
    struct regex *regex = NULL;
    struct error err;

    (void)state;
    assert_fails(regex_new("ab(c", &regex, &err), ERR_INPUT, "at byte 4");
    assert_fails(regex_new("a\\Cb", &regex, &err), ERR_INPUT, "\\C");
    assert_fails(regex_new("a\xff", &regex, &err), ERR_INPUT, "UTF-8");
    assert_null(regex);
    regex_free(NULL);
    regex_match_free(NULL);
}

static void a_pattern_that_backtracks_too_much_is_stopped(void **state)
{
    struct regex *regex = NULL;
    struct regex_match *match = NULL;
    struct error err;
    char text[65];
    size_t start, end;

    (void)state;
    memset(text, 'a', sizeof text);
    assert_ok(regex_new("^(a+)+[bc]$", &regex, &err));
    assert_ok(regex_match_new(&match, &err));

    assert_fails(regex_find(regex, match, slice_of(text, sizeof text), 0, &start, &end, &err),
                 ERR_INPUT, "limit");
    regex_match_free(match);
    regex_free(regex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_matches_of_a_text_are_found),
        cmocka_unit_test(letter_classes_cover_all_scripts),
        cmocka_unit_test(lookaround_sees_text_before_the_start_offset),
        cmocka_unit_test(patterns_match_across_nul_bytes),
        cmocka_unit_test(a_malformed_pattern_is_an_error_with_its_place),
        cmocka_unit_test(a_pattern_that_backtracks_too_much_is_stopped),
    };

    return cmocka_run_group_tests_name("base/regex", tests, NULL, NULL);
}
