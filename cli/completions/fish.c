/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "cli/command.h"
#include "cli/completions/completions.h"

#define FISH_QUOTE "\\'"

static const char fish_start[] =
    "# fish completion for curate, printed by `curate completions fish`.\n\n"
    "# Print the command's name, as far as it is typed: one word or two.\n"
    "function __curate_name\n"
    "    set -l name\n"
    "    set -l skip 0\n"
    "    for word in (commandline -opc)[2..-1]\n"
    "        if test $skip = 1\n"
    "            set skip 0\n"
    "            continue\n"
    "        end\n"
    "        switch $word\n"
    "            case $__curate_valued\n"
    "                set skip 1\n"
    "            case '-*' help\n"
    "                continue\n"
    "            case '*'\n"
    "                if test -z \"$name\"\n"
    "                    set name $word\n"
    "                else if contains -- \"$name $word\" $__curate_pairs\n"
    "                    set name \"$name $word\"\n"
    "                    break\n"
    "                else\n"
    "                    break\n"
    "                end\n"
    "        end\n"
    "    end\n"
    "    echo $name\n"
    "end\n\n"
    "function __curate_is\n"
    "    test (__curate_name) = \"$argv[1]\"\n"
    "end\n";

/* Options with a value that may stand before the command, and names of two words. */
static void fish_print_lists(void)
{
    struct command command;

    fputs("set -g __curate_valued", stdout);
    for (const struct option *o = common_options; o->type != OPTION_END; o++) {
        if (o->type == OPTION_FLAG)
            continue;
        printf(" --%s", o->name);
        if (o->short_name)
            printf(" -%c", o->short_name);
    }
    fputs("\nset -g __curate_pairs", stdout);
    for (size_t i = 0; command_at(i, &command); i++)
        if (strchr(command.name, ' '))
            printf(" '%s'", command.name);
    puts("\n");
}

static void fish_print_condition(const char *command)
{
    fputs("complete -c curate", stdout);
    if (command)
        printf(" -n '__curate_is \"%s\"'", command);
}

static void fish_print_description(const char *text)
{
    fputs(" -d '", stdout);
    completion_print_text(text, "\\", FISH_QUOTE);
    puts("'");
}

/* What completes a value: files, words, or nothing. */
static void fish_print_value(const struct option *value)
{
    switch (completion_kind(value)) {
    case COMPLETE_NOTHING:
        break;
    case COMPLETE_FILES:
        fputs(" -F", stdout);
        break;
    case COMPLETE_WORDS:
        fputs(" -a '", stdout);
        completion_print_words(value);
        putchar('\'');
        break;
    }
}

static void fish_print_options(const char *command, const struct option *table)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++) {
        fish_print_condition(command);
        printf(" -l %s", o->name);
        if (o->short_name)
            printf(" -s %c", o->short_name);
        if (o->type != OPTION_FLAG) {
            fputs(completion_kind(o) == COMPLETE_FILES ? " -r" : " -x", stdout);
            fish_print_value(o);
        }
        fish_print_description(o->help);
    }
}

static void fish_print_words(void)
{
    struct first_word first;
    struct command command;

    for (size_t i = 0; completion_first_word(i, &first); i++) {
        fish_print_condition("");
        printf(" -a %s", first.word);
        fish_print_description(first.summary);
    }
    for (size_t i = 0; command_at(i, &command); i++) {
        char word[32];
        const size_t len = strcspn(command.name, " ");

        if (!command.name[len])
            continue;
        snprintf(word, sizeof word, "%.*s", (int)len, command.name);
        fish_print_condition(word);
        printf(" -a %s", command.name + len + 1);
        fish_print_description(command.summary);
    }
}

void completions_print_fish(void)
{
    struct command command;

    puts(fish_start);
    fish_print_lists();
    puts("complete -c curate -f");
    fish_print_options(NULL, common_options);
    fish_print_words();
    for (size_t i = 0; command_at(i, &command); i++) {
        fish_print_options(command.name, command.options);
        if (completion_kind(command.positional) == COMPLETE_NOTHING)
            continue;
        fish_print_condition(command.name);
        fish_print_value(command.positional);
        putchar('\n');
    }
}
