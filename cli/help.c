/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "stages/stage.h"

enum { COLUMN = 26, WIDTH = 80, TEXT_MAX_BYTES = 1000 };

/* A line may break at this blank; but "(default:" stays with the value behind it. */
static bool is_break(const char *text, size_t at)
{
    static const char label[] = "(default:";
    const size_t len = sizeof label - 1;

    return text[at] == ' ' && (at < len || memcmp(text + at - len, label, len) != 0);
}

/* Print text in a column that begins at `indent`, where the cursor is already. */
static void print_wrapped(const char *text, int indent)
{
    const size_t width = (size_t)(WIDTH - indent);

    while (strlen(text) > width) {
        size_t n = width;

        while (n > 1 && !is_break(text, n))
            n--;
        printf("%.*s\n%*s", (int)n, text, indent, "");
        text += n + (text[n] == ' ');
    }
    puts(text);
}

/* The help of an option, its choices and its default. */
static void compose_help(const struct option *option, const void *defaults, char *out,
                         size_t size)
{
    char value[OPTION_VALUE_BYTES];
    const char *name;
    size_t n = (size_t)snprintf(out, size, "%s", option->help);
    const char *before = ": one of";

    for (int i = 0; option->type == OPTION_CHOICE && (name = option_choice(option, i)); i++) {
        if (!name[0] || n >= size)
            continue;
        n += (size_t)snprintf(out + n, size - n, "%s %s", before, name);
        before = ",";
    }
    if (option_repeats(option) && n < size)
        n += (size_t)snprintf(out + n, size - n, "; may be repeated");
    if (n < size && option_default(option, defaults, value, sizeof value))
        snprintf(out + n, size - n, " (default: %s)", value);
}

static void print_option(const struct option *option, const void *defaults)
{
    char left[96], text[TEXT_MAX_BYTES];
    int n;

    if (option->short_name)
        n = snprintf(left, sizeof left, "-%c, --%s", option->short_name, option->name);
    else
        n = snprintf(left, sizeof left, "    --%s", option->name);
    if (option->value_name)
        snprintf(left + n, sizeof left - (size_t)n, " %s", option->value_name);
    compose_help(option, defaults, text, sizeof text);
    if (strlen(left) > COLUMN)
        printf("  %s\n  %*s ", left, COLUMN, "");
    else
        printf("  %-*s ", COLUMN, left);
    print_wrapped(text, COLUMN + 3);
}

static void print_options(const struct option *table, const void *defaults)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++)
        print_option(o, defaults);
}

static void print_common(void)
{
    const struct cli nothing_given = { .db = NULL };

    puts("\nOptions of every command:");
    print_options(common_options, &nothing_given);
}

static void print_name(const char *name, const char *summary)
{
    printf("  %-16s %s\n", name, summary);
}

void help_overview(void)
{
    puts("curate - select the best part of a training corpus\n\n"
         "usage: curate [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
         "From a corpus to a subset:");
    for (size_t i = 0; stages[i]; i++)
        print_name(stages[i]->name, stages[i]->summary);
    puts("\nOther commands:");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->is_hidden)
            print_name(commands[i]->name, commands[i]->summary);
    print_name("help [COMMAND]", "print this text, or the help of one command");
    print_name("version", "print the version");
    print_common();
    puts("\nExit status: 0 success, 1 negative result, 64 usage, 65 invalid data,\n"
         "66 not found, 70 broken invariant, 73 cannot create, 74 I/O, 75 locked or\n"
         "busy: try again later, 77 permission, 78 invalid recipe; see curate(1).");
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
    if (command->positional) {
        printf("\n  %-*s ", COLUMN, command->positional->value_name);
        print_wrapped(command->positional->help, COLUMN + 3);
    }
    if (command->options) {
        puts("\nOptions:");
        print_options(command->options, command->defaults);
    }
    print_common();
}
