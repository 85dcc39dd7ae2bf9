/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "cli/command.h"
#include "cli/completions/completions.h"
#include "scoring/facts/measurer.h"
#include "scoring/scorer.h"
#include "stages/record/defect.h"

/* Called with each word that a value can be. */
typedef void word_function(void *arg, const char *word, size_t len);

static bool is_alternative_byte(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c) || c == '-';
}

/* The words in a value's name: "wait", "fail" and "skip" of "wait[:SECONDS]|fail|skip". Upper
 * case stands for something else, and "ntk:S" is no whole word. */
static void each_alternative(const char *name, word_function *each, void *arg)
{
    while (*name) {
        const size_t len = strcspn(name, "|");
        size_t n = 0;

        while (n < len && is_alternative_byte(name[n]))
            n++;
        if (n > 0 && islower((unsigned char)name[0]) && (n == len || strchr("[ ", name[n])))
            each(arg, name, n);
        name += len + (name[len] == '|');
    }
}

static void each_metric(word_function *each, void *arg)
{
    for (const struct scorer *const *at = scorers; *at; at++)
        each(arg, (*at)->name, strlen((*at)->name));
}

static void each_fact(word_function *each, void *arg)
{
    struct fact_column_of column;

    for (const struct measurer *const *at = measurers; *at; at++)
        for (size_t i = 0; i < measurer_count_columns(*at); i++) {
            measurer_column(*at, i, &column);
            each(arg, column.name, strlen(column.name));
        }
}

static void each_class(word_function *each, void *arg, const char *suffix)
{
    char word[64];

    for (size_t i = DEFECT_NONE + 1; i < N_DEFECTS; i++) {
        snprintf(word, sizeof word, "%s%s", defect_classes[i].name, suffix);
        each(arg, word, strlen(word));
    }
}

static void each_choice(const struct option *value, word_function *each, void *arg)
{
    const char *name;

    for (int i = 0; (name = option_choice(value, i)); i++)
        if (name[0])
            each(arg, name, strlen(name));
}

static void each_word(const struct option *value, word_function *each, void *arg)
{
    const char *name = value->value_name;

    if (value->type == OPTION_CHOICE) {
        each_choice(value, each, arg);
    } else if (strcmp(name, "METRIC") == 0) {
        each_metric(each, arg);
    } else if (strcmp(name, "METRIC|FACT|FORMULA") == 0) {
        each_metric(each, arg);
        each_fact(each, arg);
    } else if (strcmp(name, "CLASS") == 0) {
        each_class(each, arg, "");
    } else if (strcmp(name, "CLASS=ACTION") == 0) {
        each_class(each, arg, "=");
    } else if (strcmp(name, "[KIND] NAME") == 0) { /* of explain */
        each_alternative("metric|reject", each, arg);
        each_metric(each, arg);
        each_class(each, arg, "");
    } else {
        each_alternative(name, each, arg);
    }
}

static void note_word(void *arg, const char *word, size_t len)
{
    (void)word, (void)len;
    *(bool *)arg = true;
}

enum completion_kind completion_kind(const struct option *value)
{
    bool has_words = false;

    if (!value || !value->value_name)
        return COMPLETE_NOTHING;
    if (strstr(value->value_name, "FILE") || strstr(value->value_name, ".yaml"))
        return COMPLETE_FILES;
    each_word(value, note_word, &has_words);
    return has_words ? COMPLETE_WORDS : COMPLETE_NOTHING;
}

static void print_word(void *arg, const char *word, size_t len)
{
    const char **before = arg;

    printf("%s%.*s", *before, (int)len, word);
    *before = " ";
}

void completion_print_words(const struct option *value)
{
    const char *before = "";

    each_word(value, print_word, &before);
}

/* Does a command's name begin with these len bytes as a word? */
static bool begins_with_word(const char *name, const char *word, size_t len)
{
    return strncmp(name, word, len) == 0 && (name[len] == ' ' || !name[len]);
}

static bool is_repeated(size_t i, const char *word, size_t len)
{
    struct command command;

    for (size_t before = 0; before < i && command_at(before, &command); before++)
        if (begins_with_word(command.name, word, len))
            return true;
    return false;
}

static void describe_first_word(struct first_word *out)
{
    const size_t len = strlen(out->word);
    struct command command;
    size_t n = 0;

    for (size_t i = 0; command_at(i, &command); i++) {
        if (!begins_with_word(command.name, out->word, len))
            continue;
        if (!command.name[len])
            snprintf(out->summary, sizeof out->summary, "%s", command.summary);
        else if (n < sizeof out->second)
            n += (size_t)snprintf(out->second + n, sizeof out->second - n, "%s%s",
                                  n > 0 ? " " : "", command.name + len + 1);
    }
    if (!out->summary[0])
        snprintf(out->summary, sizeof out->summary, "%s", out->second);
}

bool completion_first_word(size_t i, struct first_word *out)
{
    static const struct first_word others[] = { { "help", "explain a command", "" },
                                                { "version", "print the version", "" } };
    struct command command;

    for (size_t c = 0; command_at(c, &command); c++) {
        const size_t len = strcspn(command.name, " ");

        if (is_repeated(c, command.name, len) || i-- > 0)
            continue;
        *out = (struct first_word){ .word = "" };
        snprintf(out->word, sizeof out->word, "%.*s", (int)len, command.name);
        describe_first_word(out);
        return true;
    }
    if (i >= sizeof others / sizeof *others)
        return false;
    *out = others[i];
    return true;
}

void completion_print_text(const char *text, const char *special, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, stdout);
        else
            printf(strchr(special, *text) ? "\\%c" : "%c", *text);
    }
}
