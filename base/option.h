/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h - options as data: one table serves the command line, help, recipes and completions.
 *
 * A table describes members of an arguments struct by their offset. The command line
 * (cli/opt.c) and recipes (pipeline/recipe.c) fill the struct from the same table, so the flag
 * --segment-tokens is the recipe key segment-tokens and means the same. A value is parsed and
 * checked against its bounds once, by option_set(). The default of an option is what the
 * command's struct of defaults holds; help reads it there.
 *
 * Write an entry with the first five members in order and the others by name:
 *
 *     { OPTION_INT, 0, "window", offsetof(struct mix_args, window), "N",
 *       .help = "last rounds that count", .min = 1 },
 */
#ifndef CURATE_OPTION_H
#define CURATE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* The type of the member that an option fills, and its text. */
enum option_type {
    OPTION_END = 0,    /* ends a table */
    OPTION_FLAG,       /* bool */
    OPTION_TEXT,       /* const char *; NULL: not given, no default */
    OPTION_INT,        /* int64_t */
    OPTION_REAL,       /* double */
    OPTION_CHOICE,     /* an enum or int: the index of a name in choices */
    OPTION_SIZE,       /* uint64_t bytes: "4096", "512M", "2G" */
    OPTION_DURATION,   /* double seconds: "90", "90s", "30m", "2h"; 0: not given */
    OPTION_SHARE,      /* struct option_share: "100" or "12.5%" */
    OPTION_LIST,       /* struct text_list; may be repeated */
    OPTION_CONDITIONS, /* struct text_list of SQL conditions that all must hold; repeatable */
};

/* Texts in order. The items are borrowed; option_list_free() frees the array. */
struct text_list {
    const char **items;
    unsigned n; /* the type that libcyaml requires for counts */
};

/* How many of a number of things: n, or a percentage of them. All 0: not given. */
struct option_share {
    uint64_t n;
    uint64_t hundredths; /* of a percent, 1 to 10,000, when n is 0 */
};

struct option {
    enum option_type type;
    char short_name;        /* 0 for none */
    const char *name;       /* without dashes; of a positional: its recipe key */
    size_t offset;          /* in the arguments struct */
    const char *value_name; /* "FILE"; NULL for a flag */
    /* One line, lower case, no period; neither the default nor the choices. */
    const char *help;
    /* What help prints as the default where the member's initial value stands for something
     * else: "the model's window". NULL: the value itself. */
    const char *unset;
    /* Of a choice: its names, NULL-terminated; the index of a name is the value. An empty name
     * is a value that cannot be given. */
    const char *const *choices;
    /* Instead of choices, for the names of a registry: the name of a value from 0 on, NULL
     * after the last. */
    const char *(*choice_name)(int value);
    /* Smallest and largest number, size in bytes or duration in seconds. max 0: no maximum. */
    double min;
    double max;
};

/* The value of a choice that has no default and was not given; the member must be an int. */
enum { OPTION_NO_CHOICE = -1 };

/* Room for the text of any value but texts and lists. */
enum { OPTION_VALUE_BYTES = 64 };

/* Find by long name, or by its first name_len characters. NULL: not found. */
const struct option *option_find(const struct option *table, const char *name, size_t name_len);
/* The name most like a mistyped one, for "did you mean"; NULL when none is near. */
const char *option_nearest(const struct option *table, const char *name);
/* The name of a choice's value; NULL after the last. */
const char *option_choice(const struct option *option, int value);
/* Can the option be given more than once? */
bool option_repeats(const struct option *option);

/* Parse text into the member: "true" or "false" for a flag; lists get the text appended. Text
 * is borrowed for as long as the arguments live. ERR_USAGE is without the option's name and
 * the text, so that the caller can name both: "must be from 1 to 64". */
int option_set(const struct option *option, void *args, const char *text, struct error *err);
/* Write a member as option_set() would read it, at most OPTION_VALUE_BYTES with the final NUL
 * unless it is a text. False when there is no value to write: not given and without a default,
 * or a list. */
bool option_text(const struct option *option, const void *args, char *out, size_t size);
/* The default as help prints it: unset, or the text of the member of `defaults`. False when
 * there is none to print: a flag, a list, an option without a default. */
bool option_default(const struct option *option, const void *defaults, char *out, size_t size);

/* Append to a list; option_list_free() frees the array, not the items. */
int option_list_add(struct text_list *list, const char *text, struct error *err);
void option_list_free(struct text_list *list);
/* Free the lists among the arguments. Table and positional may be NULL. */
void option_free_lists(const struct option *table, const struct option *positional, void *args);

/* How many letters must change to make one word the other; at most max + 1. */
size_t option_distance(const char *a, const char *b, size_t max);

#endif
