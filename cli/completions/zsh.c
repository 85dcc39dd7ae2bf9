/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "cli/command.h"
#include "cli/completions/completions.h"

#define ZSH_QUOTE "'\\''"

/* After the functions and arrays that are made from the tables. The file is loaded by its name
 * _curate from fpath, where its text becomes the function, or is sourced. */
static const char zsh_end[] =
    "_curate() {\n"
    "    local context state state_descr line name\n"
    "    local -a second\n"
    "    typeset -A opt_args\n"
    "    _arguments -s -S -C : $_curate_common '1: :_curate_first' '*:: :->rest' && return\n"
    "    [[ $state == rest ]] || return 1\n"
    "    if [[ $words[1] == help ]]; then\n"
    "        shift words\n"
    "        (( CURRENT-- ))\n"
    "        if (( CURRENT == 1 )); then\n"
    "            _curate_first\n"
    "            return\n"
    "        fi\n"
    "    fi\n"
    "    name=$words[1]\n"
    "    _curate_second $name\n"
    "    if (( CURRENT > 2 )) && [[ -n ${(M)second:#${words[2]}:*} ]]; then\n"
    "        name=\"$name $words[2]\"\n"
    "        shift words\n"
    "        (( CURRENT-- ))\n"
    "    elif (( CURRENT == 2 && $#second )); then\n"
    "        _describe -t commands 'command' second\n"
    "    fi\n"
    "    _curate_arguments $name\n"
    "}\n\n"
    "if [[ $funcstack[1] == _curate ]]; then\n"
    "    _curate \"$@\"\n"
    "else\n"
    "    compdef _curate curate\n"
    "fi";

/* A value's name and what completes it. Words that end in "=" get no blank after them. */
static void zsh_print_value(const struct option *value)
{
    const char *name = value->value_name;

    putchar(':');
    completion_print_text(name, ":\\", ZSH_QUOTE);
    switch (completion_kind(value)) {
    case COMPLETE_NOTHING:
        fputs(": ", stdout);
        break;
    case COMPLETE_FILES:
        fputs(":_files", stdout);
        break;
    case COMPLETE_WORDS:
        fputs(strchr(name, '=') ? ":{compadd -S \"\" -- " : ":(", stdout);
        completion_print_words(value);
        putchar(strchr(name, '=') ? '}' : ')');
        break;
    }
}

/* A specification of _arguments. `mark` after the name says where a value may stand. */
static void zsh_print_option(const struct option *option, const char *name, char mark)
{
    printf(" \\\n        '%s%s", option_repeats(option) ? "*" : "", name);
    if (option->type != OPTION_FLAG)
        putchar(mark);
    putchar('[');
    completion_print_text(option->help, "[]\\", ZSH_QUOTE);
    putchar(']');
    if (option->type != OPTION_FLAG)
        zsh_print_value(option);
    putchar('\'');
}

static void zsh_print_options(const struct option *table)
{
    char name[80];

    for (const struct option *o = table; o && o->type != OPTION_END; o++) {
        snprintf(name, sizeof name, "--%s", o->name);
        zsh_print_option(o, name, '=');
        if (!o->short_name)
            continue;
        snprintf(name, sizeof name, "-%c", o->short_name);
        zsh_print_option(o, name, '+');
    }
}

/* An element of _describe's array: a word and its description. */
static void zsh_print_entry(const char *word, const char *description)
{
    printf(" '%s:", word);
    completion_print_text(description, "\\", ZSH_QUOTE);
    putchar('\'');
}

static void zsh_print_words(void)
{
    struct first_word first;
    struct command command;

    puts("_curate_first() {\n"
         "    local -a first");
    for (size_t i = 0; completion_first_word(i, &first); i++) {
        fputs("    first+=(", stdout);
        zsh_print_entry(first.word, first.summary);
        puts(" )");
    }
    puts("    _describe -t commands 'command' first\n"
         "}\n\n"
         "# Sets `second` to the second words of the commands that begin with a word.\n"
         "_curate_second() {\n"
         "    case $1 in");
    for (size_t i = 0; command_at(i, &command); i++) {
        const size_t len = strcspn(command.name, " ");

        if (!command.name[len])
            continue;
        printf("    (%.*s) second+=(", (int)len, command.name);
        zsh_print_entry(command.name + len + 1, command.summary);
        puts(" ) ;|");
    }
    puts("    esac\n"
         "}\n");
}

static void zsh_print_arguments(void)
{
    struct command command;

    puts("_curate_arguments() {\n"
         "    case $1 in");
    for (size_t i = 0; command_at(i, &command); i++) {
        printf("    ('%s')\n        _arguments -s -S : $_curate_common", command.name);
        zsh_print_options(command.options);
        if (command.positional) {
            printf(" \\\n        '%s", command.positional->type == OPTION_LIST ? "*" : "1");
            zsh_print_value(command.positional);
            putchar('\'');
        }
        puts(" ;;");
    }
    puts("    esac\n"
         "}\n");
}

void completions_print_zsh(void)
{
    fputs("#compdef curate\n"
          "# zsh completion for curate, printed by `curate completions zsh`.\n\n"
          "typeset -ga _curate_common\n"
          "_curate_common=(",
          stdout);
    zsh_print_options(common_options);
    puts("\n)\n");
    zsh_print_words();
    zsh_print_arguments();
    puts(zsh_end);
}
