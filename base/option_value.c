/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of options to values and back. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"

enum { PERCENT = 100, ALL_HUNDREDTHS = 100 * PERCENT, DECIMALS = 2, CHOICES_MAX_BYTES = 400 };

static const double longest_seconds = 1e9;
static const char size_units[] = "KMG";

/* The largest unit that leaves a whole number: "256M". */
static void size_text(uint64_t bytes, char *out, size_t size)
{
    static const char *const units[] = { "", "K", "M", "G" };
    size_t unit = 0;

    for (; bytes > 0 && bytes % 1024 == 0 && unit < sizeof units / sizeof *units - 1; unit++)
        bytes /= 1024;
    snprintf(out, size, "%llu%s", (unsigned long long)bytes, units[unit]);
}

static void duration_text(double seconds, char *out, size_t size)
{
    const bool whole_hours = seconds > 0 && fmod(seconds, 3600) == 0;
    const bool whole_minutes = seconds > 0 && fmod(seconds, 60) == 0;
    const double unit = whole_hours ? 3600 : whole_minutes ? 60 : 1;

    snprintf(out, size, "%.15g%s", seconds / unit, unit > 60 ? "h" : unit > 1 ? "m" : "s");
}

static void share_text(const struct option_share *share, char *out, size_t size)
{
    const unsigned long long whole = share->hundredths / PERCENT;
    const unsigned rest = (unsigned)(share->hundredths % PERCENT);

    if (share->n > 0)
        snprintf(out, size, "%llu", (unsigned long long)share->n);
    else if (rest == 0)
        snprintf(out, size, "%llu%%", whole);
    else if (rest % 10 == 0)
        snprintf(out, size, "%llu.%u%%", whole, rest / 10);
    else
        snprintf(out, size, "%llu.%02u%%", whole, rest);
}

/* A number, as the option's values are written. */
static void number_text(const struct option *option, double value, char *out, size_t size)
{
    if (option->type == OPTION_SIZE)
        size_text((uint64_t)value, out, size);
    else if (option->type == OPTION_DURATION)
        duration_text(value, out, size);
    else
        snprintf(out, size, "%.15g", value);
}

static int check_bounds(const struct option *option, double value, struct error *err)
{
    char min[OPTION_VALUE_BYTES], max[OPTION_VALUE_BYTES];

    if (value >= option->min && (option->max == 0 || value <= option->max))
        return 0;
    number_text(option, option->min, min, sizeof min);
    number_text(option, option->max, max, sizeof max);
    if (option->max == 0)
        return error_set(err, ERR_USAGE, "must be at least %s", min);
    return error_set(err, ERR_USAGE, "must be from %s to %s", min, max);
}

static int set_flag(void *member, const char *text, struct error *err)
{
    const bool yes = strcmp(text, "true") == 0;

    if (!yes && strcmp(text, "false") != 0)
        return error_set(err, ERR_USAGE, "must be true or false");
    memcpy(member, &yes, sizeof yes);
    return 0;
}

static int set_int(const struct option *option, void *member, const char *text,
                   struct error *err)
{
    char *end;

    errno = 0;
    const int64_t value = strtoll(text, &end, 10);
    if (end == text || *end)
        return error_set(err, ERR_USAGE, "must be a whole number");
    if (errno)
        return error_set(err, ERR_USAGE, "is out of range");
    if (check_bounds(option, (double)value, err) < 0)
        return -1;
    memcpy(member, &value, sizeof value);
    return 0;
}

static int set_real(const struct option *option, void *member, const char *text,
                    struct error *err)
{
    char *end;

    const double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return error_set(err, ERR_USAGE, "must be a number");
    if (check_bounds(option, value, err) < 0)
        return -1;
    memcpy(member, &value, sizeof value);
    return 0;
}

static int unknown_choice(const struct option *option, const char *text, struct error *err)
{
    const char *name, *nearest = NULL;
    size_t least = 3, n = 0;
    char names[CHOICES_MAX_BYTES] = "";

    for (int i = 0; (name = option_choice(option, i)); i++) {
        const size_t distance = option_distance(name, text, 2);

        if (!name[0])
            continue;
        if (n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", name);
        if (distance < least && distance < strlen(name)) {
            least = distance;
            nearest = name;
        }
    }
    if (nearest)
        return error_set(err, ERR_USAGE, "must be one of %s; did you mean %s?", names, nearest);
    return error_set(err, ERR_USAGE, "must be one of %s", names);
}

static int set_choice(const struct option *option, void *member, const char *text,
                      struct error *err)
{
    const char *name;

    for (int i = 0; (name = option_choice(option, i)); i++) {
        /* YAML and people write +1 without its sign. */
        if (!name[0] ||
            (strcmp(name, text) != 0 && (name[0] != '+' || strcmp(name + 1, text) != 0)))
            continue;
        memcpy(member, &i, sizeof i);
        return 0;
    }
    return unknown_choice(option, text, err);
}

static int set_size(const struct option *option, void *member, const char *text,
                    struct error *err)
{
    char *end;

    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(size_units, *end) : NULL;
    const unsigned shift = unit ? 10 * (unsigned)(unit - size_units + 1) : 0;
    const uint64_t bytes = (uint64_t)n << shift;
    if (end == text || strchr(text, '-') || (*end && (!unit || end[1])))
        return error_set(err, ERR_USAGE, "must be a number of bytes, such as 512M or 2G");
    if (errno || bytes >> shift != n || bytes > SIZE_MAX)
        return error_set(err, ERR_USAGE, "is more bytes than this machine can count");
    if (check_bounds(option, (double)bytes, err) < 0)
        return -1;
    memcpy(member, &bytes, sizeof bytes);
    return 0;
}

static int set_duration(const struct option *option, void *member, const char *text,
                        struct error *err)
{
    char *end;
    const double value = strtod(text, &end);
    const double unit = *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
    const double seconds = value * unit;

    if (*end == 's' || *end == 'm' || *end == 'h')
        end++;
    if (end == text || *end || !(value > 0 && value <= longest_seconds))
        return error_set(err, ERR_USAGE, "must be a time, such as 90s, 30m or 2h");
    if (check_bounds(option, seconds, err) < 0)
        return -1;
    memcpy(member, &seconds, sizeof seconds);
    return 0;
}

/* Decimal digits from *at on; false when there is none or they do not fit. */
static bool read_digits(const char **at, uint64_t *out)
{
    const char *first = *at;

    *out = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(**at - '0'), out))
            return false;
    return *at > first;
}

/* "10", or "12.5%" as 1,250 hundredths: in whole numbers, for 0.1 has no binary form. */
static bool read_share(const char *text, struct option_share *out)
{
    const char *at = text;
    uint64_t whole, unit = PERCENT;

    *out = (struct option_share){ .n = 0 };
    if (!read_digits(&at, &whole))
        return false;
    if (!*at) {
        out->n = whole;
        return whole > 0;
    }
    if (whole > 100)
        return false;
    out->hundredths = whole * PERCENT;
    if (*at == '.') {
        at++;
        for (int i = 0; i < DECIMALS && *at >= '0' && *at <= '9'; i++, at++) {
            unit /= 10;
            out->hundredths += unit * (uint64_t)(*at - '0');
        }
        if (at[-1] == '.')
            return false;
    }
    return at[0] == '%' && !at[1] && out->hundredths > 0 && out->hundredths <= ALL_HUNDREDTHS;
}

static int set_share(void *member, const char *text, struct error *err)
{
    struct option_share share;

    if (!read_share(text, &share))
        return error_set(err, ERR_USAGE,
                         "must be a number of at least 1, or a percentage up to 100%% with at "
                         "most %d decimals, such as 12.5%%",
                         DECIMALS);
    memcpy(member, &share, sizeof share);
    return 0;
}

int option_set(const struct option *option, void *args, const char *text, struct error *err)
{
    char *member = (char *)args + option->offset;

    switch (option->type) {
    case OPTION_FLAG:
        return set_flag(member, text, err);
    case OPTION_TEXT:
        memcpy(member, &text, sizeof text);
        return 0;
    case OPTION_INT:
        return set_int(option, member, text, err);
    case OPTION_REAL:
        return set_real(option, member, text, err);
    case OPTION_CHOICE:
        return set_choice(option, member, text, err);
    case OPTION_SIZE:
        return set_size(option, member, text, err);
    case OPTION_DURATION:
        return set_duration(option, member, text, err);
    case OPTION_SHARE:
        return set_share(member, text, err);
    case OPTION_LIST:
    case OPTION_CONDITIONS:
        return option_list_add((struct text_list *)(void *)member, text, err);
    case OPTION_END:
        break;
    }
    return error_set(err, ERR_INVARIANT, "option %s has no type", option->name);
}

/* False for a value that cannot be given: the choice was not made. */
static bool choice_text(const struct option *option, const void *member, char *out, size_t size)
{
    int value;

    memcpy(&value, member, sizeof value);
    const char *name = value < 0 ? "" : option_choice(option, value);
    snprintf(out, size, "%s", name);
    return name[0];
}

/* False for 0, which stands for not given, and for NAN. */
static bool measure_text(const struct option *option, const void *member, char *out,
                         size_t size)
{
    uint64_t bytes = 0;
    double value = 0;

    if (option->type == OPTION_SIZE) {
        memcpy(&bytes, member, sizeof bytes);
        size_text(bytes, out, size);
        return bytes > 0;
    }
    memcpy(&value, member, sizeof value);
    if (isnan(value))
        return false;
    number_text(option, value, out, size);
    return option->type == OPTION_REAL || value > 0;
}

bool option_text(const struct option *option, const void *args, char *out, size_t size)
{
    const char *member = (const char *)args + option->offset;
    struct option_share share;
    const char *text;
    int64_t integer;

    switch (option->type) {
    case OPTION_FLAG:
        snprintf(out, size, "%s", *(const bool *)member ? "true" : "false");
        return true;
    case OPTION_TEXT:
        memcpy(&text, member, sizeof text);
        snprintf(out, size, "%s", text ? text : "");
        return text;
    case OPTION_INT:
        memcpy(&integer, member, sizeof integer);
        snprintf(out, size, "%lld", (long long)integer);
        return true;
    case OPTION_CHOICE:
        return choice_text(option, member, out, size);
    case OPTION_REAL:
    case OPTION_SIZE:
    case OPTION_DURATION:
        return measure_text(option, member, out, size);
    case OPTION_SHARE:
        memcpy(&share, member, sizeof share);
        share_text(&share, out, size);
        return share.n > 0 || share.hundredths > 0;
    case OPTION_LIST:
    case OPTION_CONDITIONS:
    case OPTION_END:
        break;
    }
    return false;
}

bool option_default(const struct option *option, const void *defaults, char *out, size_t size)
{
    if (option->unset) {
        snprintf(out, size, "%s", option->unset);
        return true;
    }
    return option->type != OPTION_FLAG && option_text(option, defaults, out, size);
}
