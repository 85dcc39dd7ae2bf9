/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/text/glob.h"

static const struct {
    const char *pattern;
    const char *path;
    bool matches;
} patterns[] = {
    { "*.json", "a.json", true },
    { "*.json", "d/a.json", false },
    { "*.json", ".json", false },
    { "*", ".gitattributes", false },
    { ".git*", ".gitattributes", true },
    { "d/*.json", "d/a.json", true },
    { "d/*.json", "d/e/a.json", false },
    { "**/*.json", "a.json", true },
    { "**/*.json", "d/e/f/a.json", true },
    { "**/*.json", "d/.e/a.json", false },
    { "d/**", "d/e/f", true },
    { "d/**/f", "d/f", true },
    { "d/**/f", "d/e/e/f", true },
    { "d/**/e/f", "d/e/g/e/f", true },
    { "**", "a/b", true },
    { "**", ".a", false },
    { "a**b", "axxb", true },
    { "a**b", "a/b", false },
    { "a?c", "abc", true },
    { "a?c",
      "a\xc3\xa9"
      "c",
      true },
    { "a?c", "a/c", false },
    { "a?c", "ac", false },
    { "?", ".", false },
    { "train-*-of-*.parquet", "train-00000-of-00002.parquet", true },
    { "*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "[0-9][0-9].json", "07.json", true },
    { "[0-9][0-9].json", "a7.json", false },
    { "[!0-9]*", "a7", true },
    { "[!0-9]*", "7a", false },
    { "*[-._ 0-9]train[-._ 0-9]*", "my-train.json", true },
    { "*[-._ 0-9]train[-._ 0-9]*", "mytrain.json", false },
    { "[]a]", "]", true },
    { "[a-]", "-", true },
    { "[", "[", true },
    { "a[b", "a[b", true },
    { "[!", "[!", true },
    { "[!]", "[!]", true },
    { "[a]", "", false },
    { "[!a]b",
      "\xc3\xa4"
      "b",
      true },
    { "*[*[*[*[*[*[*[", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[a", false },
    { "a", "a/b", false },
    { "a/b", "a", false },
    { "**/a/**/b/**/c", "a/b/b/a/c/c", true },
};

static void patterns_match_within_and_across_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const bool got = glob_matches(patterns[i].pattern, slice_text(patterns[i].path));

        if (got != patterns[i].matches)
            print_error("'%s' '%s'\n", patterns[i].pattern, patterns[i].path);
        assert_int_equal(got, patterns[i].matches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_within_and_across_folders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
