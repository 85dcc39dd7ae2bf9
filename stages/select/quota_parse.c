/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "stages/select/budget.h"
#include "stages/select/quota.h"

/* How far shares may be from 100 % in all. */
static const double ROUNDING = 1e-6;

/* The default buckets of length; the facts' curves have the same. */
static const uint64_t usual_buckets[] = { 128, 512, 2048, 8192, 32768 };

/* Parsing of one quota. */
struct parsing {
    const char *text; /* all of it, for messages */
    const char *at;
    struct arena *arena;
    struct quota_entry *entries;
    size_t n;
    size_t n_levels;
};

static int raise_entry(const struct parsing *p, const char *what, struct error *err)
{
    return error_set(err, ERR_USAGE, "--quota '%s': at character %zu: %s", p->text,
                     (size_t)(p->at - p->text) + 1, what);
}

static void skip_quota_blanks(struct parsing *p)
{
    p->at += strspn(p->at, " \t\n");
}

/* Parse a group: up to '=', or in double quotes, in which two stand for one. */
static int parse_group(struct parsing *p, char **out, struct error *err)
{
    const bool quoted = *p->at == '"';
    char *name = arena_alloc(p->arena, strlen(p->at) + 1, 1);
    size_t len = 0;

    if (!name)
        return error_nomem(err);
    if (quoted)
        for (p->at++; *p->at && (*p->at != '"' || p->at[1] == '"'); p->at++) {
            p->at += *p->at == '"';
            name[len++] = *p->at;
        }
    if (quoted && *p->at++ != '"') {
        p->at--;
        return raise_entry(p, "a quotation mark is missing", err);
    }
    while (!quoted && *p->at && *p->at != '=' && *p->at != ',')
        name[len++] = *p->at++;
    while (!quoted && len > 0 && name[len - 1] == ' ')
        len--;
    name[len] = '\0';
    skip_quota_blanks(p);
    if (len == 0 || *p->at != '=')
        return raise_entry(p, "must be GROUP=AMOUNT, for example en=60%", err);
    p->at++;
    skip_quota_blanks(p);
    *out = strcmp(name, "*") == 0 && !quoted ? NULL : name;
    return 0;
}

/* Parse N, N.., ..N or N..M. */
static bool parse_bounds(struct slice text, struct quota_entry *entry)
{
    const char *dots = memmem(text.ptr, text.len, "..", 2);
    const size_t n_before = dots ? (size_t)(dots - text.ptr) : text.len;

    entry->kind = dots ? QUOTA_OPEN : QUOTA_BY_COUNT;
    entry->min = 0;
    entry->max = QUOTA_NO_MAX;
    if (n_before > 0 && !budget_parse_count(slice_of(text.ptr, n_before), &entry->min))
        return false;
    if (!dots) {
        entry->max = entry->min;
        return n_before > 0;
    }
    const struct slice after = slice_of(dots + 2, text.len - n_before - 2);
    if (after.len > 0 && !budget_parse_count(after, &entry->max))
        return false;
    return (n_before > 0 || after.len > 0) && entry->min <= entry->max;
}

static int parse_amount(struct parsing *p, struct quota_entry *entry, struct error *err)
{
    struct slice text = slice_of(p->at, strcspn(p->at, ","));
    char *end;

    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    if (text.len > 1 && text.ptr[text.len - 1] == '%') {
        entry->kind = QUOTA_BY_SHARE;
        entry->share = strtod(text.ptr, &end) / 100;
        entry->max = QUOTA_NO_MAX;
        if (end != text.ptr + text.len - 1 || !(entry->share >= 0) || entry->share > 1)
            return raise_entry(p, "a share must be from 0% to 100%", err);
    } else if (!parse_bounds(text, entry)) {
        return raise_entry(p, "an amount must be 30%, 100, 10.., ..20 or 10..20", err);
    }
    p->at += strcspn(p->at, ",");
    return 0;
}

static uint32_t find_parsed(const struct parsing *p, const char *name, size_t len)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct quota_entry *entry = &p->entries[i];
        const char *known = entry->name ? entry->name : "*";

        if (entry->parent == QUOTA_NO_PARENT && strlen(known) == len &&
            memcmp(known, name, len) == 0)
            return (uint32_t)i;
    }
    return QUOTA_NO_PARENT;
}

/* A group "a/b" is inside the earlier group "a". */
static void find_parent(const struct parsing *p, struct quota_entry *entry)
{
    const char *slash = entry->name && p->n_levels == 2 ? strrchr(entry->name, '/') : NULL;

    if (!slash)
        return;
    entry->parent = find_parsed(p, entry->name, (size_t)(slash - entry->name));
    if (entry->parent != QUOTA_NO_PARENT)
        entry->name = strcmp(slash + 1, "*") == 0 ? NULL : slash + 1;
}

static int parse_quota_entry(struct parsing *p, struct error *err)
{
    struct quota_entry *entry = &p->entries[p->n];
    char *name = NULL;

    skip_quota_blanks(p);
    *entry = (struct quota_entry){ .parent = QUOTA_NO_PARENT };
    if (parse_group(p, &name, err) < 0)
        return -1;
    entry->name = name;
    find_parent(p, entry);
    for (size_t i = 0; i < p->n; i++)
        if (p->entries[i].parent == entry->parent &&
            (entry->name && p->entries[i].name ? strcmp(p->entries[i].name, entry->name) == 0
                                               : entry->name == p->entries[i].name))
            return raise_entry(p, "this group was given before", err);
    if (parse_amount(p, entry, err) < 0)
        return -1;
    p->n++;
    return 0;
}

/* Check the shares of the groups of one parent. Where a group has open ends, the groups that
 * are not named may have samples, too. */
static int check_siblings(struct parsing *p, uint32_t parent, struct error *err)
{
    size_t n_shares = 0, n_open = 0, n = 0;
    bool has_rest = false;
    double sum = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct quota_entry *entry = &p->entries[i];

        if (entry->parent != parent)
            continue;
        n++;
        n_shares += entry->kind == QUOTA_BY_SHARE;
        n_open += entry->kind == QUOTA_OPEN;
        has_rest |= entry->name == NULL;
        sum += entry->share;
    }
    if (n_shares > 0 && (sum > 1 + ROUNDING || (sum < 1 - ROUNDING && n_open == 0)))
        return error_set(err, ERR_USAGE,
                         "--quota '%s': the shares sum to %.6g %%: they must sum to 100 %%; "
                         "*=N%% is the share of all other groups",
                         p->text, 100 * sum);
    if (n > 0 && n_open > 0 && !has_rest)
        p->entries[p->n++] =
            (struct quota_entry){ .kind = QUOTA_OPEN, .max = QUOTA_NO_MAX, .parent = parent };
    return 0;
}

/* Put the children of each group behind it. */
static int put_children_behind(const struct parsing *p, struct quota_spec *spec,
                               struct error *err)
{
    struct quota_entry *sorted = arena_alloc(p->arena, p->n, sizeof *sorted);
    bool counts = true;

    if (!sorted)
        return error_nomem(err);
    spec->n = 0;
    spec->sum_of_counts = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (p->entries[i].parent != QUOTA_NO_PARENT)
            continue;
        const uint32_t parent = (uint32_t)spec->n;

        sorted[spec->n++] = p->entries[i];
        counts &= p->entries[i].kind == QUOTA_BY_COUNT;
        spec->sum_of_counts += p->entries[i].kind == QUOTA_BY_COUNT ? p->entries[i].min : 0;
        for (size_t k = 0; k < p->n; k++)
            if (p->entries[k].parent == i) {
                sorted[spec->n] = p->entries[k];
                sorted[spec->n++].parent = parent;
            }
    }
    if (!counts)
        spec->sum_of_counts = 0;
    spec->entries = sorted;
    return 0;
}

/* Parse "NAME:" or "NAME/NAME:". */
static int parse_names(struct parsing *p, struct quota_spec *spec, struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_";

    for (;;) {
        const size_t len = strspn(p->at, letters);
        const char end = p->at[len];

        if (len == 0 || (end != ':' && (end != '/' || spec->n_levels + 1 == QUOTA_LEVELS)))
            return raise_entry(p,
                               "must begin with what it is over, for example source: or "
                               "source/language:, unless --quota-by says it",
                               err);
        spec->by[spec->n_levels] = arena_copy(p->arena, slice_of(p->at, len)).ptr;
        if (!spec->by[spec->n_levels])
            return error_nomem(err);
        spec->n_levels++;
        p->at += len + 1;
        if (end == ':')
            return 0;
    }
}

int quota_parse(const char *text, bool has_name, struct arena *arena, struct quota_spec *spec,
                struct error *err)
{
    struct parsing p = { .text = text, .at = text, .arena = arena };
    size_t n = 2;

    for (const char *c = text; *c; c++)
        n += *c == ',';
    p.entries = arena_alloc(arena, 2 * n, sizeof *p.entries);
    if (!p.entries)
        return error_nomem(err);
    if (has_name && parse_names(&p, spec, err) < 0)
        return -1;
    p.n_levels = spec->n_levels;
    for (;; p.at++) {
        if (parse_quota_entry(&p, err) < 0)
            return -1;
        if (!*p.at)
            break;
    }
    const size_t n_given = p.n;
    if (check_siblings(&p, QUOTA_NO_PARENT, err) < 0)
        return -1;
    for (size_t i = 0; i < n_given; i++)
        if (check_siblings(&p, (uint32_t)i, err) < 0)
            return -1;
    return put_children_behind(&p, spec, err);
}

static int parse_buckets(const char *text, struct quota_spec *spec, struct error *err)
{
    if (!text) {
        spec->n_buckets = sizeof usual_buckets / sizeof *usual_buckets;
        memcpy(spec->buckets, usual_buckets, sizeof usual_buckets);
        return 0;
    }
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");
        uint64_t *bucket = &spec->buckets[spec->n_buckets];

        if (spec->n_buckets == QUOTA_BUCKETS_MAX ||
            !budget_parse_count(slice_of(at, len), bucket) || *bucket == 0 ||
            (spec->n_buckets > 0 && bucket[-1] >= *bucket))
            return error_set(err, ERR_USAGE,
                             "--buckets %s: must be at most %d lengths from the smallest to "
                             "the largest, for example 4k,8k,16k",
                             text, QUOTA_BUCKETS_MAX);
        spec->n_buckets++;
        at += len;
        if (!*at)
            return 0;
    }
}

static int check_quota_options(const struct quota_args *args, struct error *err)
{
    if (args->quotas.n > 1)
        return error_set(err, ERR_USAGE,
                         "--quota is given %u times: quotas that are not nested can contradict "
                         "each other: nest them in one, as in 'source/language: a=50%%, "
                         "a/en=80%%, a/*=20%%, *=50%%'",
                         args->quotas.n);
    if (args->quotas.n > 0 && args->mix)
        return error_set(err, ERR_USAGE, "--quota and --mix exclude each other");
    if (args->quotas.n == 0 && !args->mix && (args->by || args->buckets || args->fill))
        return error_set(err, ERR_USAGE, "--%s is for --quota and --mix: leave it out",
                         args->by        ? "quota-by"
                         : args->buckets ? "buckets"
                                         : "fill");
    return 0;
}

int quota_check(const struct quota_args *args, struct arena *arena, struct quota_spec *spec,
                struct error *err)
{
    if (check_quota_options(args, err) < 0)
        return -1;
    spec->option = args->mix ? "mix" : "quota";
    spec->fill = args->fill;
    if (args->by || args->mix) {
        spec->by[0] = args->by ? args->by : "source";
        spec->n_levels = 1;
    }
    if (args->mix && quota_read_mix(args->mix, arena, spec, err) < 0)
        return -1;
    if (args->quotas.n > 0 &&
        quota_parse(args->quotas.items[0], !args->by, arena, spec, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_levels; i++)
        if (!args->by && strcmp(spec->by[i], "length") == 0)
            return parse_buckets(args->buckets, spec, err);
    return args->buckets
               ? error_set(err, ERR_USAGE, "--buckets is for a quota over length: leave it out")
               : 0;
}
