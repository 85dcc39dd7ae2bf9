/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/describe.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "stages/select/described.h"
#include "stages/select/making.h"
#include "stages/select/statistics.h"
#include "store/policy.h"
#include "store/profile.h"

enum {
    COLUMNS_MAX = 10, /* described, beside the length */
    NAME_MAX_BYTES = 256,
    PARTS_MAX = 16, /* of a formula, that warnings look at */
};

/* |rank correlation| above which an order is that of a column, and below which it is not. */
static const double SAME_AS_LENGTH = .7, SAME_AS_PART = .95, UNLIKE_PART = .5;

/* Metrics that are described if they were scored, though nothing was chosen by them. */
static const char *const usual[] = { "nll", "ifd", "mtld" };

static const char *const gateau_parts[] = { "hmp", "cas" };

/* What the parts of a description share. */
struct describing {
    struct making *making;
    struct statistics_pool pool;
    uint8_t *selected;
    const char *length_name; /* "tokens" or "words"; NULL: not measured */
    double *length;          /* of each candidate */
    double *column;
    size_t n_columns;
};

static int describing_init(struct describing *describing, struct making *making,
                           struct error *err)
{
    const size_t n = making->candidates.n;

    *describing = (struct describing){ .making = making,
                                       .selected = calloc(n + 1, 1),
                                       .length = calloc(n + 1, sizeof(double)),
                                       .column = calloc(n + 1, sizeof(double)) };
    if (!describing->selected || !describing->length || !describing->column)
        return error_nomem(err);
    for (size_t i = 0; i < making->n_picks; i++)
        describing->selected[making->picks[i]] = 1;
    describing->pool = (struct statistics_pool){ .n_candidates = n,
                                                 .order = making->order,
                                                 .n_order = making->n_order,
                                                 .merits = making->merits,
                                                 .selected = describing->selected };
    if (profile_weight(making->store, &describing->length_name, err) < 0)
        return -1;
    const struct profile_fact fact = { .name = describing->length_name };
    return fact.name ? candidates_read_numbers(making->store, &making->candidates, &fact,
                                               describing->length, NULL, err)
                     : 0;
}

static void describing_release(struct describing *describing)
{
    free(describing->selected);
    free(describing->length);
    free(describing->column);
}

/* The tokens or words of a candidate, which can be missing; a sample if they were not measured.
 */
static uint64_t units_of(const struct describing *describing, uint32_t candidate)
{
    if (!describing->length_name)
        return 1;
    return isnan(describing->length[candidate]) ? 0 : (uint64_t)describing->length[candidate];
}

static void count_in_group(const struct describing *describing, uint32_t candidate,
                           struct described_group *group)
{
    const uint64_t units = units_of(describing, candidate);

    group->n_pool++;
    group->units_pool += units;
    if (describing->selected[candidate]) {
        group->n_selected++;
        group->units_selected += units;
    }
}

static struct described_group empty_group(const struct describing *describing, const char *kind,
                                          const char *name)
{
    return (struct described_group){ .kind = kind,
                                     .name = name,
                                     .unit = describing->length_name ? describing->length_name
                                                                     : "samples",
                                     .units_asked = DESCRIPTION_NOT_ASKED };
}

static int describe_totals(const struct describing *describing, struct error *err)
{
    const struct making *making = describing->making;
    struct described_group all = empty_group(describing, "", "");

    for (size_t i = 0; i < making->n_order; i++)
        count_in_group(describing, making->order[i], &all);
    if (described_add_number(making->spec->described, "count", "samples", (double)all.n_pool,
                             (double)all.n_selected, err) < 0)
        return -1;
    return describing->length_name
               ? described_add_number(making->spec->described, "sum", describing->length_name,
                                      (double)all.units_pool, (double)all.units_selected, err)
               : 0;
}

static int add_groups(const struct describing *describing, const struct described_group *groups,
                      size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (groups[i].n_pool > 0 &&
            described_add_group(describing->making->spec->described, &groups[i], err) < 0)
            return -1;
    return 0;
}

/* Describe the groups of an expression: sources, languages. */
static int describe_groups(const struct describing *describing, const char *kind,
                           struct error *err)
{
    const struct making *making = describing->making;
    struct candidate_groups groups;
    int rc = -1;

    if (candidates_read_groups(making->store, &making->candidates, kind, &groups, err) < 0)
        return -1;
    struct described_group *counted = calloc(groups.n + 1, sizeof *counted);
    if (!counted) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < groups.n; i++)
        counted[i] =
            empty_group(describing, kind, groups.names[i] ? groups.names[i] : "(missing)");
    for (size_t i = 0; i < making->n_order; i++)
        count_in_group(describing, making->order[i], &counted[groups.group[making->order[i]]]);
    rc = add_groups(describing, counted, groups.n, err);
done:
    free(counted);
    candidate_groups_release(&groups);
    return rc;
}

/* The lengths are those of `curate profile --by length`. */
static int describe_lengths(const struct describing *describing, struct error *err)
{
    static const struct {
        double below;
        const char *name;
    } buckets[] = { { 128, "0-127" },        { 512, "128-511" },
                    { 2048, "512-2047" },    { 8192, "2048-8191" },
                    { 32768, "8192-32767" }, { INFINITY, "32768 and more" } };
    enum { BUCKETS = sizeof buckets / sizeof *buckets };
    const struct making *making = describing->making;
    struct described_group counted[BUCKETS + 1];

    if (!describing->length_name)
        return 0;
    for (size_t b = 0; b < BUCKETS; b++)
        counted[b] = empty_group(describing, "length", buckets[b].name);
    counted[BUCKETS] = empty_group(describing, "length", "(missing)");
    for (size_t i = 0; i < making->n_order; i++) {
        const uint32_t candidate = making->order[i];
        size_t b = isnan(describing->length[candidate]) ? BUCKETS : 0;

        while (b < BUCKETS && describing->length[candidate] >= buckets[b].below)
            b++;
        count_in_group(describing, candidate, &counted[b]);
    }
    return add_groups(describing, counted, BUCKETS + 1, err);
}

/* Add the statistics of a column, unless there are some of that name. */
static int describe_values(struct describing *describing, const char *name,
                           const double *values, struct error *err)
{
    struct described *described = describing->making->spec->described;
    struct statistics found;

    if (described_find(described, "missing", name))
        return 0;
    if (statistics_of(&describing->pool, values, &found, err) < 0 ||
        described_add_number(described, "missing", name,
                             (double)(describing->pool.n_order - found.pool.n),
                             (double)(describing->making->n_picks - found.selected.n), err) < 0)
        return -1;
    if (found.pool.n == 0)
        return 0;
    if (described_add_number(described, "mean", name, found.pool.mean, found.selected.mean,
                             err) < 0)
        return -1;
    for (size_t q = 0; q < STATISTICS_QUANTILES; q++)
        if (described_add_number(described, statistics_quantile_names[q], name,
                                 found.pool.quantiles[q], found.selected.quantiles[q], err) < 0)
            return -1;
    return isnan(found.spearman)
               ? 0
               : described_add_number(described, "spearman", name, found.spearman, NAN, err);
}

/* Describe a fact or metric by its name. What is neither, and a metric of several models, is
 * none of the columns. */
static int describe_named(struct describing *describing, const char *name, const char *model,
                          struct error *err)
{
    const struct making *making = describing->making;
    char label[NAME_MAX_BYTES];
    struct profile_fact fact;
    struct arena arena;

    snprintf(label, sizeof label, "%s%s%s", name, model ? "@" : "", model ? model : "");
    if (describing->n_columns == COLUMNS_MAX ||
        described_find(making->spec->described, "missing", label))
        return 0;
    arena_init(&arena);
    int rc = profile_find(making->store, name, model, &arena, &fact, err);
    if (rc < 0 && (err->code == ERR_NOT_FOUND || err->code == ERR_USAGE)) {
        arena_release(&arena);
        return 0;
    }
    describing->n_columns++;
    if (rc == 0)
        rc = candidates_read_numbers(making->store, &making->candidates, &fact,
                                     describing->column, NULL, err);
    if (rc == 0)
        rc = describe_values(describing, label, describing->column, err);
    arena_release(&arena);
    return rc;
}

/* Find the next name in a condition: an identifier, or what stands in double quotes. Returns
 * what follows it, NULL at the end. */
static const char *name_in_condition(const char *at, char *name, size_t size)
{
    size_t n = 0;

    while (*at && !isalpha((unsigned char)*at) && *at != '_' && *at != '"') {
        if (*at == '\'') /* a text */
            at += 1 + strcspn(at + 1, "'");
        at += *at != '\0';
    }
    if (!*at)
        return NULL;
    const size_t len = *at == '"' ? strcspn(at + 1, "\"")
                                  : strspn(at, "abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                               "0123456789_");
    const char *first = *at == '"' ? at + 1 : at;
    for (; n < len && n + 1 < size; n++)
        name[n] = first[n];
    name[n] = '\0';
    return first + len + (*at == '"' && first[len] != '\0');
}

/* Describe what the conditions name. */
static int describe_conditions(struct describing *describing, struct error *err)
{
    const struct selection_spec *spec = describing->making->spec;
    const char *at = spec->condition;
    char name[NAME_MAX_BYTES];

    while (at && (at = name_in_condition(at, name, sizeof name))) {
        char *model = strchr(name, '@');

        if (model)
            *model++ = '\0';
        if (describe_named(describing, name, model, err) < 0)
            return -1;
    }
    for (size_t i = 0; spec->policy && i < spec->policy->n; i++) {
        const struct policy_condition *condition = &spec->policy->conditions[i];

        if (condition->kind != POLICY_SQL && !condition->score_set &&
            describe_named(describing, condition->name, condition->model, err) < 0)
            return -1;
    }
    return 0;
}

/* Was the order made of hmp and cas? */
static bool is_gateau(const struct selection_spec *spec)
{
    return spec->cohort_column && strcmp(spec->cohort_column, "gateau") == 0;
}

static int describe_parts(struct describing *describing, struct error *err)
{
    const struct making *making = describing->making;

    for (size_t i = 0; i < making->n_parts; i++)
        if (describe_values(describing, making->parts[i].name, making->parts[i].values, err) <
            0)
            return -1;
    for (size_t i = 0; is_gateau(making->spec) && i < 2; i++) {
        const struct profile_fact fact = { .name = gateau_parts[i],
                                           .cohort_id = making->spec->cohort_id,
                                           .cohort_column = gateau_parts[i] };

        if (candidates_read_numbers(making->store, &making->candidates, &fact,
                                    describing->column, NULL, err) < 0 ||
            describe_values(describing, gateau_parts[i], describing->column, err) < 0)
            return -1;
    }
    return 0;
}

static int describe_columns(struct describing *describing, struct error *err)
{
    const struct making *making = describing->making;
    const struct selection_spec *spec = making->spec;

    if (describing->length_name &&
        describe_values(describing, describing->length_name, describing->length, err) < 0)
        return -1;
    if (spec->by && describe_values(describing, spec->by, making->values, err) < 0)
        return -1;
    if (describe_parts(describing, err) < 0 || describe_conditions(describing, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (describe_named(describing, usual[i], NULL, err) < 0)
            return -1;
    return 0;
}

/* Compare with a random order of the same seed. */
static int describe_beside_random(struct describing *describing, struct error *err)
{
    const struct making *making = describing->making;
    struct described *described = making->spec->described;
    struct statistics found;
    double overlap;

    if (making->spec->ordering == ORDERED_AT_RANDOM)
        return 0;
    for (size_t i = 0; i < making->candidates.n; i++)
        describing->column[i] =
            selection_random_value(making->spec->seed, &making->candidates.hashes[i]);
    if (statistics_of(&describing->pool, describing->column, &found, err) < 0 ||
        statistics_overlap(&describing->pool, describing->column, making->n_picks, &overlap,
                           err) < 0)
        return -1;
    if (!isnan(found.spearman) && described_add_number(described, "spearman", "random order",
                                                       found.spearman, NAN, err) < 0)
        return -1;
    return described_add_number(described, "overlap", "random choice", NAN, overlap, err);
}

/* The rank correlation of the order with a column; 0 if there is none. */
static double correlation_with(const struct described *described, const char *name)
{
    const struct described_number *number =
        name ? described_find(described, "spearman", name) : NULL;

    return number ? number->pool : 0;
}

static int warn_of_length(const struct describing *describing, struct error *err)
{
    const struct making *making = describing->making;
    const char *by = making->spec->by, *length = describing->length_name;
    const double strength = correlation_with(making->spec->described, length);

    if (fabs(strength) <= SAME_AS_LENGTH || (by && strcmp(by, length) == 0))
        return 0;
    return described_warn(making->spec->described, err,
                          "the order is mostly that of length: its rank correlation with %s is "
                          "%.2f, so the %s samples are chosen",
                          length, strength, strength > 0 ? "longest" : "shortest");
}

/* Does one part of the order decide, and another one not? */
static int warn_of_parts(const struct describing *describing, const char *const *names,
                         size_t n, const char *remedy, struct error *err)
{
    struct described *described = describing->making->spec->described;

    for (size_t i = 0; i < n * n; i++) {
        const char *strong = names[i / n], *weak = names[i % n];
        const double most = correlation_with(described, strong);
        const double least = correlation_with(described, weak);

        if (fabs(most) > SAME_AS_PART && fabs(least) < UNLIKE_PART &&
            described_warn(described, err,
                           "the order is almost that of %s: its rank correlation with %s is "
                           "%.2f, with %s %.2f%s",
                           strong, strong, most, weak, least, remedy) < 0)
            return -1;
    }
    return 0;
}

/* With alpha 0.8, hmp is to have most of the weight, but cas the rest of it. */
static int warn_of_gateau(const struct describing *describing, struct error *err)
{
    const struct described *described = describing->making->spec->described;
    const struct described_number *weight = described_find(described, "weight", "cas");
    const struct described_number *alpha = described_find(described, "weight", "alpha");
    const bool is_wrong = weight && alpha && weight->pool < (1 - alpha->pool) / 2;

    return warn_of_parts(describing, gateau_parts, 2,
                         is_wrong ? ": rank the cohort with --norm rank"
                                  : ": a smaller --alpha gives cas more weight",
                         err);
}

static int warn(const struct describing *describing, struct error *err)
{
    const struct making *making = describing->making;
    const char *names[PARTS_MAX] = { NULL };
    size_t n = 0;

    if (making->n_order < DESCRIBED_FROM)
        return 0;
    for (size_t i = 0; i < making->n_parts && n < PARTS_MAX; i++)
        names[n++] = making->parts[i].name;
    if (warn_of_length(describing, err) < 0)
        return -1;
    return is_gateau(making->spec) ? warn_of_gateau(describing, err)
                                   : warn_of_parts(describing, names, n, "", err);
}

/* Describe in the order in which it is printed. */
static int describe_all(struct describing *describing, struct error *err)
{
    struct making *making = describing->making;
    bool is_text = false;

    if (describe_totals(describing, err) < 0 || describe_groups(describing, "source", err) < 0)
        return -1;
    const int has_language = profile_find_column(making->store, "language", &is_text, err);
    if (has_language < 0 ||
        (has_language == 1 && describe_groups(describing, "language", err) < 0) ||
        describe_lengths(describing, err) < 0 || describe_columns(describing, err) < 0 ||
        describe_beside_random(describing, err) < 0 ||
        describe_gateau(making, &describing->pool, err) < 0 ||
        describe_nearest(making, err) < 0)
        return -1;
    return warn(describing, err);
}

int describe_selection(struct making *making, struct error *err)
{
    struct describing describing;

    if (!making->spec->described)
        return 0;
    int rc = describing_init(&describing, making, err);
    if (rc == 0)
        rc = describe_all(&describing, err);
    describing_release(&describing);
    return rc;
}
