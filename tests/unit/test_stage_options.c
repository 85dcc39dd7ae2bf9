/* SPDX-License-Identifier: Apache-2.0 */
/* The option tables of all stages are valid for the parser, for help and for recipes. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/option.h"
#include "stages/ingest/retry.h"
#include "stages/stage.h"

enum { OPTIONS_MAX = 64 }; /* the limit of the parser and of a recipe's step */

static void for_each_stage(void (*check)(const struct stage *stage))
{
    for (size_t i = 0; stages[i]; i++)
        check(stages[i]);
    check(&stage_retry);
}

static void check_entry(const struct stage *stage, const struct option *option)
{
    const bool is_choice = option->type == OPTION_CHOICE;

    if (!option->name || !option->help || strstr(option->help, "default"))
        fail_msg("%s: an option without a name, or its help names the default", stage->name);
    if ((option->type == OPTION_FLAG) != !option->value_name)
        fail_msg("%s: --%s: flags have no value, others have one", stage->name, option->name);
    if (is_choice != (option->choices || option->choice_name))
        fail_msg("%s: --%s: choices need names", stage->name, option->name);
    if (option->max != 0 && option->min > option->max)
        fail_msg("%s: --%s: no value is in bounds", stage->name, option->name);
    if (option->offset >= stage->args_size)
        fail_msg("%s: --%s: outside of the arguments", stage->name, option->name);
    for (const struct option *o = stage->options; o < option; o++)
        if (strcmp(o->name, option->name) == 0 || o->offset == option->offset ||
            (o->short_name && o->short_name == option->short_name))
            fail_msg("%s: --%s and --%s share a name or a member", stage->name, o->name,
                     option->name);
}

static void check_entries(const struct stage *stage)
{
    size_t n = 0;

    for (const struct option *o = stage->options; o && o->type != OPTION_END; o++, n++)
        check_entry(stage, o);
    if (n >= OPTIONS_MAX)
        fail_msg("%s has %zu options", stage->name, n);
}

static void option_entries_are_complete_and_have_members_of_their_own(void **state)
{
    (void)state;
    for_each_stage(check_entries);
}

/* A default can be given as a value, and is read back unchanged. */
static void check_default(const struct stage *stage, const struct option *option)
{
    char text[OPTION_VALUE_BYTES], again[OPTION_VALUE_BYTES] = "";
    void *args = malloc(stage->args_size);
    struct error err;

    assert_non_null(args);
    memcpy(args, stage->defaults, stage->args_size);
    if (!option->unset && option_text(option, args, text, sizeof text)) {
        if (option_set(option, args, text, &err) < 0)
            fail_msg("%s: the default --%s %s: %s", stage->name, option->name, text, err.msg);
        assert_true(option_text(option, args, again, sizeof again));
        assert_string_equal(again, text);
        assert_memory_equal(args, stage->defaults, stage->args_size);
    }
    free(args);
}

static void check_defaults(const struct stage *stage)
{
    for (const struct option *o = stage->options; o && o->type != OPTION_END; o++)
        if (o->type != OPTION_TEXT)
            check_default(stage, o);
}

static void defaults_are_within_bounds(void **state)
{
    (void)state;
    for_each_stage(check_defaults);
}

/* Every name of a choice is accepted, and no other name. */
static void check_choices(const struct stage *stage)
{
    void *args = malloc(stage->args_size);
    struct error err;
    const char *name;
    char text[OPTION_VALUE_BYTES];

    assert_non_null(args);
    memcpy(args, stage->defaults, stage->args_size);
    for (const struct option *o = stage->options; o && o->type != OPTION_END; o++) {
        for (int i = 0; o->type == OPTION_CHOICE && (name = option_choice(o, i)); i++) {
            if (!name[0])
                continue;
            assert_ok(option_set(o, args, name, &err));
            assert_true(option_text(o, args, text, sizeof text));
            assert_string_equal(text, name);
        }
        if (o->type == OPTION_CHOICE)
            assert_fails(option_set(o, args, "no such name", &err), ERR_USAGE,
                         "must be one of");
    }
    free(args);
}

static void names_of_choices_are_read_as_they_are_written(void **state)
{
    (void)state;
    for_each_stage(check_choices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_entries_are_complete_and_have_members_of_their_own),
        cmocka_unit_test(defaults_are_within_bounds),
        cmocka_unit_test(names_of_choices_are_read_as_they_are_written),
    };

    return cmocka_run_group_tests_name("stages/options", tests, NULL, NULL);
}
