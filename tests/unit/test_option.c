/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/option.h"

enum shape { SHAPE_NONE, SHAPE_HALF, SHAPE_KEEP, SHAPE_MERGE };
static const char *const shapes[] = { [SHAPE_NONE] = "",
                                      [SHAPE_HALF] = "half",
                                      [SHAPE_KEEP] = "keep",
                                      [SHAPE_MERGE] = "merge",
                                      NULL };
static const char *const signs[] = { "+1", "-1", NULL };

static const char *planet(int value)
{
    static const char *const names[] = { "auto", "mars", "venus" };

    return value < 3 ? names[value] : NULL;
}

struct args {
    bool flag;
    const char *text;
    int64_t count;
    int64_t few;
    double ratio;
    enum shape shape;
    int sign;
    int planet;
    uint64_t size;
    double time;
    struct option_share top;
    struct text_list list;
    struct text_list where;
};

static const struct option table[] = {
    { OPTION_FLAG, 'f', "flag", offsetof(struct args, flag), NULL, .help = "a flag" },
    { OPTION_TEXT, 0, "text", offsetof(struct args, text), "TEXT", .help = "a text" },
    { OPTION_INT, 0, "count", offsetof(struct args, count), "N", .help = "a count",
      .unset = "all of them", .min = -100 },
    { OPTION_INT, 0, "few", offsetof(struct args, few), "N", .help = "a few", .min = 1,
      .max = 64 },
    { OPTION_REAL, 0, "ratio", offsetof(struct args, ratio), "X", .help = "a ratio", .max = 1 },
    { OPTION_CHOICE, 0, "shape", offsetof(struct args, shape), "HOW", .help = "a shape",
      .choices = shapes },
    { OPTION_CHOICE, 0, "sign", offsetof(struct args, sign), "SIGN", .help = "a sign",
      .choices = signs },
    { OPTION_CHOICE, 0, "planet", offsetof(struct args, planet), "NAME", .help = "a planet",
      .choice_name = planet },
    { OPTION_SIZE, 0, "size", offsetof(struct args, size), "SIZE", .help = "a size",
      .min = 1024, .max = 4294967296.0 },
    { OPTION_DURATION, 0, "time", offsetof(struct args, time), "TIME", .help = "a time",
      .max = 36000 },
    { OPTION_SHARE, 0, "top", offsetof(struct args, top), "N|P%", .help = "a share" },
    { OPTION_LIST, 0, "list", offsetof(struct args, list), "ITEM", .help = "a list" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct args, where), "SQL",
      .help = "conditions" },
    { .type = OPTION_END },
};

static const struct option *find(const char *name)
{
    return option_find(table, name, strlen(name));
}

static int set(struct args *args, const char *name, const char *text, struct error *err)
{
    return option_set(find(name), args, text, err);
}

static void an_option_sets_a_member_of_each_type(void **state)
{
    struct args args = { .flag = false };
    struct error err;

    (void)state;
    assert_ok(set(&args, "flag", "true", &err));
    assert_ok(set(&args, "text", "words", &err));
    assert_ok(set(&args, "count", "-12", &err));
    assert_ok(set(&args, "ratio", "0.25", &err));
    assert_ok(set(&args, "shape", "keep", &err));
    assert_ok(set(&args, "planet", "venus", &err));
    assert_ok(set(&args, "size", "2M", &err));
    assert_ok(set(&args, "time", "1.5h", &err));
    assert_ok(set(&args, "list", "one", &err));
    assert_ok(set(&args, "list", "two", &err));
    assert_ok(set(&args, "where", "a > 1", &err));

    assert_true(args.flag);
    assert_string_equal(args.text, "words");
    assert_int_equal(args.count, -12);
    assert_true(args.ratio == 0.25);
    assert_int_equal(args.shape, SHAPE_KEEP);
    assert_int_equal(args.planet, 2);
    assert_int_equal(args.size, 2 << 20);
    assert_true(args.time == 5400);
    assert_int_equal(args.list.n, 2);
    assert_string_equal(args.list.items[1], "two");
    assert_string_equal(args.where.items[0], "a > 1");
    option_free_lists(table, NULL, &args);
    assert_int_equal(args.list.n, 0);
    assert_null(args.where.items);
}

static void the_bounds_of_an_option_are_allowed_values(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        { "few", "1" },      { "few", "64" },     { "ratio", "0" },   { "ratio", "1" },
        { "size", "1K" },    { "size", "4G" },    { "size", "1024" }, { "time", "10h" },
        { "time", "36000" }, { "top", "100%" },   { "top", "0.01%" }, { "top", "1" },
        { "time", "0.001" }, { "count", "-100" }, { "time", "600m" }, { "shape", "half" },
    };
    struct args args = { .count = 7 };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (set(&args, cases[i].name, cases[i].text, &err) < 0)
            fail_msg("%s %s: %s", cases[i].name, cases[i].text, err.msg);
}

static const struct {
    const char *name, *text, *message;
} bad_texts[] = {
    { "flag", "yes", "must be true or false" },
    { "count", "ten", "must be a whole number" },
    { "count", "1.5", "must be a whole number" },
    { "count", "", "must be a whole number" },
    { "count", "99999999999999999999", "is out of range" },
    { "count", "-101", "must be at least -100" },
    { "few", "0", "must be from 1 to 64" },
    { "few", "65", "must be from 1 to 64" },
    { "ratio", "a half", "must be a number" },
    { "ratio", "inf", "must be a number" },
    { "ratio", "nan", "must be a number" },
    { "ratio", "-0.1", "must be from 0 to 1" },
    { "ratio", "1.1", "must be from 0 to 1" },
    { "shape", "", "must be one of half, keep, merge" },
    { "shape", "round", "must be one of half, keep, merge" },
    { "shape", "kep", "must be one of half, keep, merge; did you mean keep?" },
    { "planet", "venu", "must be one of auto, mars, venus; did you mean venus?" },
    { "sign", "0", "must be one of +1, -1" },
    { "size", "big", "must be a number of bytes, such as 512M or 2G" },
    { "size", "-1", "must be a number of bytes, such as 512M or 2G" },
    { "size", "5MB", "must be a number of bytes, such as 512M or 2G" },
    { "size", "5T", "must be a number of bytes, such as 512M or 2G" },
    { "size", "99999999999999999999", "is more bytes than this machine can count" },
    { "size", "17179869184G", "is more bytes than this machine can count" },
    { "size", "1023", "must be from 1K to 4G" },
    { "size", "5G", "must be from 1K to 4G" },
    { "time", "soon", "must be a time, such as 90s, 30m or 2h" },
    { "time", "0", "must be a time, such as 90s, 30m or 2h" },
    { "time", "-1h", "must be a time, such as 90s, 30m or 2h" },
    { "time", "1d", "must be a time, such as 90s, 30m or 2h" },
    { "time", "11h", "must be from 0s to 10h" },
    { "top", "0", "must be a number of at least 1, or a percentage" },
    { "top", "0%", "must be a number of at least 1, or a percentage" },
    { "top", "0.001%", "must be a number of at least 1, or a percentage" },
    { "top", "100.01%", "must be a number of at least 1, or a percentage" },
    { "top", "1.%", "must be a number of at least 1, or a percentage" },
    { "top", "1.5", "must be a number of at least 1, or a percentage" },
    { "top", "-1", "must be a number of at least 1, or a percentage" },
    { "top", "10 %", "must be a number of at least 1, or a percentage" },
    { "top", "99999999999999999999", "must be a number of at least 1, or a percentage" },
};

static void an_invalid_value_is_refused_and_changes_nothing(void **state)
{
    const struct args before = { .count = 7,
                                 .few = 3,
                                 .ratio = 0.5,
                                 .shape = SHAPE_MERGE,
                                 .size = 5000,
                                 .time = 9,
                                 .top = { .n = 4 } };
    struct args args = before;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++)
        assert_fails(set(&args, bad_texts[i].name, bad_texts[i].text, &err), ERR_USAGE,
                     bad_texts[i].message);
    assert_memory_equal(&args, &before, sizeof args);
}

static void a_share_is_a_number_or_hundredths_of_a_percent(void **state)
{
    static const struct {
        const char *text;
        struct option_share share;
        const char *again;
    } cases[] = {
        { "100", { .n = 100 }, "100" },
        { "18446744073709551615", { .n = UINT64_MAX }, "18446744073709551615" },
        { "10%", { .hundredths = 1000 }, "10%" },
        { "12.5%", { .hundredths = 1250 }, "12.5%" },
        { "12.50%", { .hundredths = 1250 }, "12.5%" },
        { "0.01%", { .hundredths = 1 }, "0.01%" },
        { "0.1%", { .hundredths = 10 }, "0.1%" },
        { "33.33%", { .hundredths = 3333 }, "33.33%" },
        { "100%", { .hundredths = 10000 }, "100%" },
    };
    char text[OPTION_VALUE_BYTES];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct args args = { .count = 0 };

        assert_ok(set(&args, "top", cases[i].text, &err));
        assert_memory_equal(&args.top, &cases[i].share, sizeof args.top);
        assert_true(option_text(find("top"), &args, text, sizeof text));
        assert_string_equal(text, cases[i].again);
    }
}

static void a_plus_sign_may_be_left_out(void **state)
{
    struct args args = { .sign = 1 };
    struct error err;

    (void)state;
    assert_ok(set(&args, "sign", "1", &err));
    assert_int_equal(args.sign, 0);
    assert_ok(set(&args, "sign", "-1", &err));
    assert_int_equal(args.sign, 1);
    assert_ok(set(&args, "sign", "+1", &err));
    assert_int_equal(args.sign, 0);
}

static void option_values_are_written_as_they_are_read(void **state)
{
    static const struct {
        const char *name, *text, *again;
    } cases[] = {
        { "flag", "true", "true" },      { "text", "words", "words" },
        { "count", "-3", "-3" },         { "ratio", "0.25", "0.25" },
        { "shape", "half", "half" },     { "planet", "mars", "mars" },
        { "size", "268435456", "256M" }, { "size", "2G", "2G" },
        { "size", "1025", "1025" },      { "size", "2048", "2K" },
        { "time", "90", "90s" },         { "time", "5400", "90m" },
        { "time", "2h", "2h" },          { "time", "0.5", "0.5s" },
    };
    char text[OPTION_VALUE_BYTES];
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct args args = { .count = 0 };

        assert_ok(set(&args, cases[i].name, cases[i].text, &err));
        assert_true(option_text(find(cases[i].name), &args, text, sizeof text));
        assert_string_equal(text, cases[i].again);
    }
}

static void a_missing_option_value_has_no_text(void **state)
{
    const struct args args = { .ratio = NAN, .planet = OPTION_NO_CHOICE };
    static const char *const names[] = { "text", "ratio", "shape", "planet", "size",
                                         "time", "top",   "list",  "where" };
    char text[OPTION_VALUE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (option_text(find(names[i]), &args, text, sizeof text))
            fail_msg("%s has the text '%s'", names[i], text);
}

static void the_default_of_an_option_is_its_member_or_its_unset_text(void **state)
{
    const struct args defaults = { .few = 6, .planet = 1, .size = 1 << 20 };
    char text[OPTION_VALUE_BYTES];

    (void)state;
    assert_true(option_default(find("few"), &defaults, text, sizeof text));
    assert_string_equal(text, "6");
    assert_true(option_default(find("planet"), &defaults, text, sizeof text));
    assert_string_equal(text, "mars");
    assert_true(option_default(find("size"), &defaults, text, sizeof text));
    assert_string_equal(text, "1M");
    assert_true(option_default(find("count"), &defaults, text, sizeof text));
    assert_string_equal(text, "all of them");
    assert_false(option_default(find("flag"), &defaults, text, sizeof text));
    assert_false(option_default(find("shape"), &defaults, text, sizeof text));
    assert_false(option_default(find("where"), &defaults, text, sizeof text));
}

static void an_option_is_found_by_its_whole_name_only(void **state)
{
    (void)state;
    assert_ptr_equal(option_find(table, "text", 4), &table[1]);
    assert_null(option_find(table, "tex", 3));
    assert_null(option_find(table, "texts", 5));
    assert_null(option_find(NULL, "text", 4));
}

static void a_misspelled_name_suggests_the_nearest_one(void **state)
{
    (void)state;
    assert_string_equal(option_nearest(table, "coutn"), "count");
    assert_string_equal(option_nearest(table, "ratoi"), "ratio");
    assert_null(option_nearest(table, "completely-else"));
}

static void the_distance_of_two_names_is_the_letters_to_change(void **state)
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
        cmocka_unit_test(an_option_sets_a_member_of_each_type),
        cmocka_unit_test(the_bounds_of_an_option_are_allowed_values),
        cmocka_unit_test(an_invalid_value_is_refused_and_changes_nothing),
        cmocka_unit_test(a_share_is_a_number_or_hundredths_of_a_percent),
        cmocka_unit_test(a_plus_sign_may_be_left_out),
        cmocka_unit_test(option_values_are_written_as_they_are_read),
        cmocka_unit_test(a_missing_option_value_has_no_text),
        cmocka_unit_test(the_default_of_an_option_is_its_member_or_its_unset_text),
        cmocka_unit_test(an_option_is_found_by_its_whole_name_only),
        cmocka_unit_test(a_misspelled_name_suggests_the_nearest_one),
        cmocka_unit_test(the_distance_of_two_names_is_the_letters_to_change),
    };

    return cmocka_run_group_tests_name("base/option", tests, NULL, NULL);
}
