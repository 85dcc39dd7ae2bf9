/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "stages/stage.h"

enum { COLUMN = 26 };

static void print_option(const struct option *option)
{
    char left[96];
    int n;

    if (option->short_name)
        n = snprintf(left, sizeof left, "-%c, --%s", option->short_name, option->name);
    else
        n = snprintf(left, sizeof left, "    --%s", option->name);
    if (option->value_name)
        snprintf(left + n, sizeof left - (size_t)n, " %s", option->value_name);
    if (strlen(left) > COLUMN)
        printf("  %s\n  %*s %s\n", left, COLUMN, "", option->help);
    else
        printf("  %-*s %s\n", COLUMN, left, option->help);
}

static void print_table(const struct option *table)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++)
        print_option(o);
}

static void print_name(const char *name, const char *summary)
{
    printf("  %-16s %s\n", name, summary);
}

void help_overview(void)
{
    puts("curate - from a corpus to the part of it worth training on\n\n"
         "usage: curate COMMAND [OPTIONS] [ARGUMENTS]\n\n"
         "The line from corpus to subset:");
    for (size_t i = 0; stages[i]; i++)
        print_name(stages[i]->name, stages[i]->summary);
    puts("\nAround it:");
    for (size_t i = 0; commands[i]; i++)
        print_name(commands[i]->name, commands[i]->summary);
    print_name("help [COMMAND]", "this text, or all about one command");
    print_name("version", "print the version");
    puts("\nOptions of every command:");
    print_table(common_options);
    puts("\nExit status: 0 done, 1 no, 64 usage, 65 bad data, 66 not found, 70 a law broken,\n"
         "73 cannot create, 74 I/O, 75 locked: try later, 77 permission, 78 recipe; see\n"
         "curate(1).");
}

void help_command(const struct command *command)
{
    printf("curate %s - %s\n\nusage: curate %s [OPTIONS]", command->name, command->summary,
           command->name);
    if (command->positional)
        printf(command->positional_required ? " %s%s" : " [%s]%s",
               command->positional->value_name,
               command->positional->type == OPTION_LIST ? "..." : "");
    putchar('\n');
    if (command->description)
        printf("\n%s\n", command->description);
    if (command->positional)
        printf("\n  %-*s %s\n", COLUMN, command->positional->value_name,
               command->positional->help);
    if (command->options) {
        puts("\nOptions:");
        print_table(command->options);
    }
    puts("\nOptions of every command:");
    print_table(common_options);
}
