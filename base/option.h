/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h - options as data: one table serves the command line, its help, and recipes.
 *
 * A table describes members of an arguments struct by their offset. The command line
 * (cli/opt.c) and recipes (pipeline/recipe.c) fill the struct from the same table, so that a
 * flag --top-n is the recipe key top-n and means the same. Text is borrowed from argv or from
 * the recipe.
 */
#ifndef CURATE_OPTION_H
#define CURATE_OPTION_H

#include <stddef.h>

struct error;

enum option_type {
    OPTION_END = 0, /* ends a table */
    OPTION_FLAG,    /* bool */
    OPTION_TEXT,    /* const char *; NULL when not given and no default */
    OPTION_INT,     /* int64_t */
    OPTION_REAL,    /* double */
    OPTION_LIST,    /* struct text_list */
};

/* Texts in order; items and the array are borrowed. */
struct text_list {
    const char **items;
    unsigned n; /* the type libcyaml wants for counts */
};

struct option {
    enum option_type type;
    char short_name;        /* 0 for none */
    const char *name;       /* without dashes; of a positional: its recipe key */
    size_t offset;          /* in the arguments struct */
    const char *value_name; /* "FILE"; NULL for a flag */
    const char *help;       /* one line, lower case, no period */
};

/* By long name, or by its first name_len characters; NULL when there is none. */
const struct option *option_find(const struct option *table, const char *name, size_t name_len);
/* The name most like a mistyped one, for "did you mean"; NULL when nothing is near. */
const char *option_nearest(const struct option *table, const char *name);

/* Set a member from text: "true" or "false" for a flag; a list gets it appended. ERR_USAGE says
 * what the option takes; the text is borrowed for as long as the arguments live. */
int option_set(const struct option *option, void *args, const char *text, struct error *err);
/* Append to a list; option_list_free() gives the array back, not the items. */
int option_list_add(struct text_list *list, const char *text, struct error *err);
void option_list_free(struct text_list *list);

/* The value of an option that is a size, "512M": bytes, or so many K, M or G of 1024.
 * ERR_USAGE. */
int option_parse_size(const char *option, const char *text, size_t *out, struct error *err);

/* How many letters must change to make one word the other; at most max + 1. */
size_t option_distance(const char *a, const char *b, size_t max);

#endif
