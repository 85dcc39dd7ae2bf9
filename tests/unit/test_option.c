/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/option.h"

struct args {
    bool flag;
    const char *text;
    int64_t count;
    double ratio;
    struct text_list list;
};

static const struct option table[] = {
    { OPTION_FLAG, 'f', "flag", offsetof(struct args, flag), NULL, "a flag" },
    { OPTION_TEXT, 0, "text", offsetof(struct args, text), "TEXT", "a text" },
    { OPTION_INT, 0, "count", offsetof(struct args, count), "N", "a count" },
    { OPTION_REAL, 0, "ratio", offsetof(struct args, ratio), "X", "a ratio" },
    { OPTION_LIST, 0, "list", offsetof(struct args, list), "ITEM", "a list" },
    { OPTION_END, 0, NULL, 0, NULL, NULL },
};

static int set(struct args *args, const char *name, const char *text, struct error *err)
{
    return option_set(option_find(table, name, strlen(name)), args, text, err);
}

static void sets_each_type_of_member(void **state)
{
    struct args args = { .flag = false };
    struct error err;

    (void)state;
    assert_ok(set(&args, "flag", "true", &err));
    assert_ok(set(&args, "text", "words", &err));
    assert_ok(set(&args, "count", "-12", &err));
    assert_ok(set(&args, "ratio", "0.25", &err));
    assert_ok(set(&args, "list", "one", &err));
    assert_ok(set(&args, "list", "two", &err));

    assert_true(args.flag);
    assert_string_equal(args.text, "words");
    assert_int_equal(args.count, -12);
    assert_true(args.ratio == 0.25);
    assert_int_equal(args.list.n, 2);
    assert_string_equal(args.list.items[1], "two");
    option_list_free(&args.list);
}

static void refuses_what_is_not_the_type_and_keeps_the_member(void **state)
{
    static const struct {
        const char *name, *text, *phrase;
    } cases[] = {
        { "flag", "yes", "true or false" },
        { "count", "ten", "whole number" },
        { "count", "1.5", "whole number" },
        { "count", "", "whole number" },
        { "count", "99999999999999999999", "whole number" },
        { "ratio", "a half", "takes a number" },
        { "ratio", "inf", "takes a number" },
    };
    struct args args = { .count = 7, .ratio = 0.5 };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(set(&args, cases[i].name, cases[i].text, &err), ERR_USAGE,
                     cases[i].phrase);
    assert_int_equal(args.count, 7);
    assert_true(args.ratio == 0.5);
}

static void finds_by_whole_name_only(void **state)
{
    (void)state;
    assert_ptr_equal(option_find(table, "text", 4), &table[1]);
    assert_null(option_find(table, "tex", 3));
    assert_null(option_find(table, "texts", 5));
    assert_null(option_find(NULL, "text", 4));
}

static void guesses_the_nearest_name_and_nothing_far(void **state)
{
    (void)state;
    assert_string_equal(option_nearest(table, "coutn"), "count");
    assert_string_equal(option_nearest(table, "ratoi"), "ratio");
    assert_null(option_nearest(table, "completely-else"));
}

static void counts_letters_to_change(void **state)
{
    (void)state;
    assert_int_equal(option_distance("kitten", "sitting", 5), 3);
    assert_int_equal(option_distance("", "abc", 5), 3);
    assert_int_equal(option_distance("same", "same", 5), 0);
    assert_int_equal(option_distance("kitten", "sitting", 2), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_each_type_of_member),
        cmocka_unit_test(refuses_what_is_not_the_type_and_keeps_the_member),
        cmocka_unit_test(finds_by_whole_name_only),
        cmocka_unit_test(guesses_the_nearest_name_and_nothing_far),
        cmocka_unit_test(counts_letters_to_change),
    };

    return cmocka_run_group_tests_name("base/option", tests, NULL, NULL);
}
