/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/split/parts.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/split.h"

enum { NAME_MAX_BYTES = 64 };

/* Sums of decimal shares are within this of 1. */
static const double SUM_ERROR = 1e-9;

static const char EXAMPLE[] = "write --by train=.9,valid=.05,test=.05";

static bool is_part_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && !strchr("_-.", name.ptr[i]))
            return false;
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

/* Parse ".05" or "5%". Returns NaN for another text. */
static double parse_share(const char *text)
{
    char *end = NULL;
    const double value = strtod(text, &end);

    if (end == text || !(isdigit((unsigned char)*text) || *text == '.'))
        return NAN;
    if (*end == '\0')
        return value;
    return strcmp(end, "%") == 0 ? value / 100 : NAN;
}

/* Parse one part. `text` is a copy, which the part keeps. */
static int parse_split_part(char *text, const struct split_part *parts, size_t n,
                            struct split_part *out, struct error *err)
{
    char *equals = strrchr(text, '=');

    if (!equals)
        return error_set(err, ERR_USAGE, "--by: '%s' has no share: %s", text, EXAMPLE);
    *equals = '\0';
    *out = (struct split_part){ .name = text, .share = parse_share(equals + 1) };
    if (!is_part_name(slice_text(text)))
        return error_set(err, ERR_USAGE,
                         "--by: '%s' is no name of a part: it must have 1 to %d letters, "
                         "digits, '_', '-' and '.'",
                         text, NAME_MAX_BYTES);
    if (!(out->share > 0 && out->share <= 1))
        return error_set(err, ERR_USAGE,
                         "--by: the share '%s' of %s must be above 0 and at most 1, or a "
                         "percentage such as 5%%",
                         equals + 1, text);
    for (size_t i = 0; i < n; i++)
        if (strcmp(parts[i].name, text) == 0)
            return error_set(err, ERR_USAGE, "--by names the part '%s' twice", text);
    return 0;
}

int parts_parse(const char *text, struct arena *arena, struct split_part **out, size_t *n,
                struct error *err)
{
    struct split_part *parts = arena_alloc(arena, SPLIT_PARTS_MAX, sizeof *parts);
    const char *at = text;
    double sum = 0;

    *n = 0;
    if (!parts)
        return error_nomem(err);
    for (;; at++) {
        const size_t len = strcspn(at, ",");
        char *copy = NULL;

        if (*n == SPLIT_PARTS_MAX)
            return error_set(err, ERR_USAGE, "--by names more than %d parts", SPLIT_PARTS_MAX);
        if (!(copy = arena_alloc(arena, len + 1, 1)))
            return error_nomem(err);
        memcpy(copy, at, len);
        copy[len] = '\0';
        if (parse_split_part(copy, parts, *n, &parts[*n], err) < 0)
            return -1;
        sum += parts[(*n)++].share;
        at += len;
        if (!*at)
            break;
    }
    if (*n < 2)
        return error_set(err, ERR_USAGE, "--by %s: a split has two parts or more: %s", text,
                         EXAMPLE);
    if (fabs(sum - 1) > SUM_ERROR)
        return error_set(err, ERR_USAGE, "--by %s: the shares sum to %.10g, not to 1", text,
                         sum);
    *out = parts;
    return 0;
}
