/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { WORD_MAX = 32 };

const struct option *option_find(const struct option *table, const char *name, size_t name_len)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++)
        if (strlen(o->name) == name_len && memcmp(o->name, name, name_len) == 0)
            return o;
    return NULL;
}

/* Levenshtein distance by rows; words longer than WORD_MAX are never near. */
size_t option_distance(const char *a, const char *b, size_t max)
{
    const size_t na = strlen(a), nb = strlen(b);
    size_t row[WORD_MAX + 1];

    if (na > WORD_MAX || nb > WORD_MAX)
        return max + 1;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            const size_t shorter = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = changed < shorter ? changed : shorter;
        }
    }
    return row[nb] <= max ? row[nb] : max + 1;
}

const char *option_nearest(const struct option *table, const char *name)
{
    const char *nearest = NULL;
    size_t least = 3; /* up to two typing mistakes */

    for (const struct option *o = table; o && o->type != OPTION_END; o++) {
        const size_t distance = option_distance(o->name, name, 2);
        if (distance < least) {
            least = distance;
            nearest = o->name;
        }
    }
    return nearest;
}

const char *option_choice(const struct option *option, int value)
{
    return option->choice_name ? option->choice_name(value) : option->choices[value];
}

bool option_repeats(const struct option *option)
{
    return option->type == OPTION_LIST || option->type == OPTION_CONDITIONS;
}

int option_list_add(struct text_list *list, const char *text, struct error *err)
{
    /* Growing by one is enough: lists are what a person typed. */
    const char **items = realloc(list->items, (list->n + (size_t)1) * sizeof *items);

    if (!items)
        return error_nomem(err);
    items[list->n] = text;
    list->items = items;
    list->n++;
    return 0;
}

void option_list_free(struct text_list *list)
{
    free(list->items);
    *list = (struct text_list){ 0 };
}

static void free_member(const struct option *option, void *args)
{
    if (option_repeats(option))
        option_list_free((struct text_list *)(void *)((char *)args + option->offset));
}

void option_free_lists(const struct option *table, const struct option *positional, void *args)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++)
        free_member(o, args);
    if (positional)
        free_member(positional, args);
}
