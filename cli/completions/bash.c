/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/option.h"
#include "cli/command.h"
#include "cli/completions/completions.h"

/* The parts that do not depend on the tables. COMP_WORDBREAKS makes "=" a word of its own. */
static const char bash_start[] =
    "# bash completion for curate, printed by `curate completions bash`.\n\n";

static const char bash_end[] =
    "_curate() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local name='' values word i\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=''\n"
    "    elif [[ $option == = ]]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == -* ]]; then\n"
    "            if [[ ${COMP_WORDS[i + 1]} == = ]]; then\n"
    "                ((i += 2))\n"
    "            elif _curate_value \"$name\" \"$word\" > /dev/null; then\n"
    "                ((i++))\n"
    "            fi\n"
    "        elif [[ -z $name ]]; then\n"
    "            [[ $word == help ]] || name=$word\n"
    "        else\n"
    "            [[ \" $(_curate_second \"$name\") \" != *\" $word \"* ]] || name+=\" $word\"\n"
    "            break\n"
    "        fi\n"
    "    done\n"
    "    if [[ $option == -* ]] && values=$(_curate_value \"$name\" \"$option\"); then\n"
    "        :\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        values=$(_curate_options \"$name\")\n"
    "    else\n"
    "        values=$(_curate_argument \"$name\")\n"
    "    fi\n"
    "    if [[ $values == @files ]]; then\n"
    "        compopt -o filenames 2> /dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "    else\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
    "        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2> /dev/null\n"
    "    fi\n"
    "}\n"
    "complete -F _curate curate\n";

static void bash_print_value(const struct option *value)
{
    switch (completion_kind(value)) {
    case COMPLETE_NOTHING:
        break;
    case COMPLETE_FILES:
        fputs("echo @files ", stdout);
        break;
    case COMPLETE_WORDS:
        fputs("echo '", stdout);
        completion_print_words(value);
        fputs("' ", stdout);
        break;
    }
}

static void bash_print_names(const struct option *table)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++)
        printf(" --%s", o->name);
}

static void bash_print_options(void)
{
    struct command command;

    puts("# The options of a command.\n"
         "_curate_options() {\n"
         "    case $1 in");
    for (size_t i = 0; command_at(i, &command); i++) {
        if (!command.options)
            continue;
        printf("    '%s') echo '", command.name);
        bash_print_names(command.options);
        puts("' ;;");
    }
    fputs("    esac\n"
          "    echo '",
          stdout);
    bash_print_names(common_options);
    puts("'\n}\n");
}

/* A line of a case for each option with a value; `start` is the pattern before the option. */
static void bash_print_cases(const char *start, const struct option *table)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++) {
        if (o->type == OPTION_FLAG)
            continue;
        printf("    %s --%s'", start, o->name);
        if (o->short_name)
            printf(" | %s -%c'", start, o->short_name);
        fputs(") ", stdout);
        bash_print_value(o);
        puts(";;");
    }
}

static void bash_print_values(void)
{
    struct command command;
    char start[64];

    puts("# The words that an option's value can be, or @files. Status 1: it takes no value.\n"
         "_curate_value() {\n"
         "    case \"$1 $2\" in");
    for (size_t i = 0; command_at(i, &command); i++) {
        snprintf(start, sizeof start, "'%s", command.name);
        bash_print_cases(start, command.options);
    }
    bash_print_cases("*'", common_options);
    puts("    *) return 1 ;;\n"
         "    esac\n"
         "}\n");
}

static void bash_print_arguments(void)
{
    struct first_word first;
    struct command command;

    puts("# The second words of the commands that begin with a word.\n"
         "_curate_second() {\n"
         "    case $1 in");
    for (size_t i = 0; completion_first_word(i, &first); i++)
        if (first.second[0])
            printf("    '%s') echo '%s' ;;\n", first.word, first.second);
    fputs("    esac\n"
          "}\n\n"
          "# The words that an argument of a command can be, or @files.\n"
          "_curate_argument() {\n"
          "    _curate_second \"$1\"\n"
          "    case $1 in\n"
          "    '') echo '",
          stdout);
    for (size_t i = 0; completion_first_word(i, &first); i++)
        printf("%s%s", i > 0 ? " " : "", first.word);
    puts("' ;;");
    for (size_t i = 0; command_at(i, &command); i++) {
        if (completion_kind(command.positional) == COMPLETE_NOTHING)
            continue;
        printf("    '%s') ", command.name);
        bash_print_value(command.positional);
        puts(";;");
    }
    puts("    esac\n"
         "}\n");
}

void completions_print_bash(void)
{
    fputs(bash_start, stdout);
    bash_print_options();
    bash_print_values();
    bash_print_arguments();
    fputs(bash_end, stdout);
}
