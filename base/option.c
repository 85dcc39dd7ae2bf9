/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const struct option *option_find(const struct option *table, const char *name, size_t name_len)
{
    for (const struct option *o = table; o && o->type != OPTION_END; o++)
        if (strlen(o->name) == name_len && memcmp(o->name, name, name_len) == 0)
            return o;
    return NULL;
}

enum { WORD_MAX = 32 };

/* Levenshtein distance by rows; longer words than WORD_MAX are never near. */
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
    size_t least = 3; /* two typing mistakes are a guess worth making */

    for (const struct option *o = table; o && o->type != OPTION_END; o++) {
        const size_t distance = option_distance(o->name, name, 2);
        if (distance < least) {
            least = distance;
            nearest = o->name;
        }
    }
    return nearest;
}

static int set_flag(const struct option *option, void *member, const char *text,
                    struct error *err)
{
    const bool yes = strcmp(text, "true") == 0;

    if (!yes && strcmp(text, "false") != 0)
        return error_set(err, ERR_USAGE, "%s is true or false, not '%s'", option->name, text);
    memcpy(member, &yes, sizeof yes);
    return 0;
}

static int set_int(const struct option *option, void *member, const char *text,
                   struct error *err)
{
    char *end;

    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return error_set(err, ERR_USAGE, "%s takes a whole number, not '%s'", option->name,
                         text);
    const int64_t wide = value;
    memcpy(member, &wide, sizeof wide);
    return 0;
}

static int set_real(const struct option *option, void *member, const char *text,
                    struct error *err)
{
    char *end;

    const double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return error_set(err, ERR_USAGE, "%s takes a number, not '%s'", option->name, text);
    memcpy(member, &value, sizeof value);
    return 0;
}

int option_set(const struct option *option, void *args, const char *text, struct error *err)
{
    char *member = (char *)args + option->offset;

    switch (option->type) {
    case OPTION_FLAG:
        return set_flag(option, member, text, err);
    case OPTION_TEXT:
        memcpy(member, &text, sizeof text);
        return 0;
    case OPTION_INT:
        return set_int(option, member, text, err);
    case OPTION_REAL:
        return set_real(option, member, text, err);
    case OPTION_LIST:
        return option_list_add((struct text_list *)(void *)member, text, err);
    case OPTION_END:
        break;
    }
    return error_set(err, ERR_INVARIANT, "option %s has no type", option->name);
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

int option_parse_size(const char *option, const char *text, size_t *out, struct error *err)
{
    static const char units[] = "KMG";
    char *end;

    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    const unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (end == text || text[0] == '-' || errno || (*end && (!unit || end[1])) ||
        n > SIZE_MAX >> shift)
        return error_set(err, ERR_USAGE, "--%s %s: it is a number of bytes, as 512M or 2G",
                         option, text);
    *out = (size_t)n << shift;
    return 0;
}
