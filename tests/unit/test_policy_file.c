/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "stages/select/policy_file.h"
#include "store/policy.h"
#include "tests/support/tmp.h"

enum { TEXT_BYTES = 80000 };

static struct tmp tmp;
static const char *path;

/* Read a policy of this text. */
static int read_text(const char *text, size_t n, struct arena *arena, struct policy *out,
                     struct error *err)
{
    path = tmp_write(&tmp, "policy.yaml", text, n);
    return policy_file_read(path, arena, out, err);
}

static void all_keys_are_read(void **state)
{
    static const char text[] =
        "# a comment\npolicy: answers\napproved_by: the data team\napproved_on: 2026-11-30\n"
        "corpus: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
        "comment: >\n  of two\n  lines\nconditions:\n"
        "- {fact: words, min: 5, max: 1e3, missing: keep, comment: why}\n"
        "- fact: language\n  in: [de, \"it's\"]\n  not_in: en\n  missing: remove\n"
        "- {metric: ifd, max: -0.5, model: tiny, score_set: 0123abcd}\n- {sql: 'n_turns > "
        "2'}\n";
    struct policy policy;
    struct arena arena;
    struct error err;

    (void)state;
    arena_init(&arena);
    assert_ok(read_text(text, strlen(text), &arena, &policy, &err));
    assert_string_equal(policy.name, "answers");
    assert_string_equal(policy.approved_by, "the data team");
    assert_string_equal(policy.approved_on, "2026-11-30");
    assert_memory_equal(policy.corpus, "0123", 4);
    assert_int_equal(policy.text.len, strlen(text));
    assert_int_equal(policy.n, 4);
    assert_true(policy.conditions[0].min == 5 && policy.conditions[0].max == 1000);
    assert_true(policy.conditions[0].keep_missing && !policy.conditions[1].keep_missing);
    assert_int_equal(policy.conditions[1].in.n, 2);
    assert_string_equal(policy.conditions[1].in.items[1], "it's");
    assert_string_equal(policy.conditions[1].not_in.items[0], "en");
    assert_int_equal(policy.conditions[1].line, 11);
    assert_int_equal(policy.conditions[2].kind, POLICY_METRIC);
    assert_true(isnan(policy.conditions[2].min) && policy.conditions[2].max == -0.5);
    assert_string_equal(policy.conditions[2].model, "tiny");
    assert_string_equal(policy.conditions[2].score_set, "0123abcd");
    assert_null(policy.conditions[0].model);
    assert_int_equal(policy.conditions[3].kind, POLICY_SQL);
    arena_release(&arena);
}

static const struct {
    const char *text, *message;
} cases[] = {
    { "", "line 1: the file is empty" },
    { "- a\n", "line 1: a policy must be a mapping: policy: NAME" },
    { "policy: a\n", "line 1: the policy has no conditions: add conditions:" },
    { "policy: a\nconditions: []\n", "line 1: the policy has no conditions: add conditions:" },
    { "conditions: [{fact: a, min: 1}]\n", "line 1: the policy has no name: add policy: NAME" },
    { "policy: [a]\n", "line 1: policy: must be a text, not a list or a mapping" },
    { "policy:\n", "line 1: policy: is empty: give a value, or leave the key out" },
    { "policy: a\npolicy: b\n", "line 2: policy: is there twice" },
    { "policy: a\nowner: b\n", "line 2: there is no key 'owner'; the keys are policy, "
                               "approved_by, approved_on, corpus, comment, conditions" },
    { "? [a]\n: b\n", "line 1: a key must be a text" },
    { "policy: a\napproved_on: today\n",
      "line 2: approved_on: must be a date such as 2026-11-30" },
    { "policy: a\ncorpus: 0123\n", "line 2: corpus: must be 64 hexadecimal digits, as "
                                   "'curate digest --samples' prints" },
    { "policy: a\nconditions: words\n", "line 2: conditions: must be a list of conditions" },
    { "policy: a\nconditions:\n- words\n",
      "line 3: a condition must be a mapping: fact: NAME" },
    { "policy: a\nconditions:\n- {min: 1}\n",
      "line 3: the condition is about nothing: add fact, metric or sql" },
    { "policy: a\nconditions:\n- {fact: words}\n",
      "line 3: the condition has no bound: add min, max, in or not_in" },
    { "policy: a\nconditions:\n- {fact: words, metric: ifd, min: 1}\n",
      "line 3: metric: a condition has one of fact, metric and sql: make two conditions" },
    { "policy: a\nconditions:\n- {sql: a, min: 1}\n",
      "line 3: sql is a whole condition: leave out min, max, in and not_in" },
    { "policy: a\nconditions:\n- {fact: words, min: 2, max: 1}\n",
      "line 3: min is greater than max" },
    { "policy: a\nconditions:\n- fact: words\n  min: many\n", "line 4: min: must be a number" },
    { "policy: a\nconditions:\n- {fact: words, min: nan}\n", "line 3: min: must be a number" },
    { "policy: a\nconditions:\n- {fact: words, max: 1e999}\n",
      "line 3: max: must be a number" },
    { "policy: a\nconditions:\n- {fact: words, min: {a: 1}}\n",
      "line 3: min: must be a text, not a list or a mapping" },
    { "policy: a\nconditions:\n- {fact: words, in: []}\n", "line 3: in: is an empty list" },
    { "policy: a\nconditions:\n- {fact: words, in: [[a]]}\n",
      "line 3: in: must be a text, not a list or a mapping" },
    { "policy: a\nconditions:\n- {fact: words, min: 1, missing: maybe}\n",
      "line 3: missing: must be keep or remove" },
    { "policy: a\nconditions:\n- {fact: words, least: 1}\n",
      "line 3: there is no key 'least'; the keys are fact, metric, sql, model, score_set, min, "
      "max, in, "
      "not_in, missing, comment" },
    { "policy: a\nconditions:\n- {fact: words, min: 1, model: tiny}\n",
      "line 3: model and score_set are for a metric: leave them out" },
    { "policy: a\nconditions:\n- {metric: nll, min: 1, score_set: 0123ABCD}\n",
      "line 3: score_set: must be 8 to 32 hexadecimal digits, as the message about several "
      "sets prints them" },
    { "policy: &a x\ncomment: *a\n",
      "line 2: an alias (*name): a policy may have none, so repeat the value" },
    { "policy: \"a\\0b\"\n", "line 1: a text holds a NUL character: remove the \\0" },
    { "policy: a\nconditions: [{fact: a, min: 1}]\n---\nb\n",
      "line 3: a second document begins here: give each policy a file" },
    { "policy: a\nconditions: [{fact: a, min: 1}\n",
      "line 3: not valid YAML: did not find expected ',' or ']'" },
    { "policy: a\ncomment: \xff\n", "line 2: not valid YAML: invalid leading UTF-8 octet" },
};

static void a_wrong_file_is_an_error_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy policy;
        struct arena arena;
        struct error err;

        arena_init(&arena);
        assert_int_equal(read_text(cases[i].text, strlen(cases[i].text), &arena, &policy, &err),
                         -1);
        assert_int_equal(err.code, ERR_CONFIG);
        assert_string_equal(err.msg + strlen(path) + 2, cases[i].message);
        arena_release(&arena);
    }
}

/* Repeat a text behind a beginning, and expect this error. */
static void expect_bomb(const char *before, const char *repeated, size_t n, const char *message)
{
    char *text = calloc(1, TEXT_BYTES + 100);
    struct policy policy;
    struct arena arena;
    struct error err;
    size_t len = strlen(before);

    assert_non_null(text);
    memcpy(text, before, len);
    for (size_t i = 0; i < n && len < TEXT_BYTES; i++, len += strlen(repeated))
        memcpy(text + len, repeated, strlen(repeated));
    arena_init(&arena);
    assert_int_equal(read_text(text, len, &arena, &policy, &err), -1);
    assert_non_null(strstr(err.msg, message));
    arena_release(&arena);
    free(text);
}

static void a_bomb_is_an_error(void **state)
{
    (void)state;
    expect_bomb("policy: a\ncomment: ", "x", TEXT_BYTES, "is larger than 64 KiB");
    expect_bomb("policy: a\ncomment: ", "[", 60000, "line 2: comment: must be a text");
    expect_bomb("policy: a\nconditions:\n", "- {sql: a}\n", 200,
                "line 103: there are more than 100 conditions");
    expect_bomb("policy: a\nconditions:\n- fact: words\n  in:\n", "  - a\n", 1100,
                "line 1005: in: has more than 1000 values");
    expect_bomb("a: &a [x, x]\nb: &b ", "[*a, *a]\n", 1, "line 1: there is no key 'a'");
}

static int setup(void **state)
{
    (void)state;
    tmp_open(&tmp);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tmp_close(&tmp);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_keys_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_file_is_an_error_with_its_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_bomb_is_an_error, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
