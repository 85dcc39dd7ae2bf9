/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/quota.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/select/described.h"
#include "stages/select/making.h"
#include "stages/stage.h"
#include "store/profile.h"

enum {
    EXPRESSION_MAX_BYTES = 1 << 16,
    TABLE_MAX_BYTES = 4 << 20,
    NAMES_SHOWN = 8,
    BY_SHOWN = 64, /* bytes of an expression in a message */
};

/* The groups that candidates are in, by each part of the quota. */
struct quota_levels {
    struct candidate_groups groups[QUOTA_LEVELS];
    uint32_t *entry[QUOTA_LEVELS]; /* of each group and, of the second level, each parent */
};

static void quota_levels_release(struct quota_levels *levels)
{
    for (size_t i = 0; i < QUOTA_LEVELS; i++) {
        candidate_groups_release(&levels->groups[i]);
        free(levels->entry[i]);
    }
}

static int add_bucket_end(uint64_t length, struct buf *out, struct error *err)
{
    return length % 1000 == 0 && length > 0
               ? buf_printf(out, err, "%" PRIu64 "k", length / 1000)
               : buf_printf(out, err, "%" PRIu64, length);
}

/* Append the SQL that names the bucket of each length: 0-4k, 4k-8k, 8k+. */
static int add_buckets(const struct quota_spec *spec, const char *unit, struct buf *out,
                       struct error *err)
{
    uint64_t from = 0;

    if (buf_printf(out, err, "CASE WHEN %s IS NULL THEN NULL", unit) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_buckets; i++) {
        if (buf_printf(out, err, " WHEN %s < %" PRIu64 " THEN '", unit, spec->buckets[i]) < 0 ||
            add_bucket_end(from, out, err) < 0 || buf_add_text(out, "-", err) < 0 ||
            add_bucket_end(spec->buckets[i], out, err) < 0 || buf_add_text(out, "'", err) < 0)
            return -1;
        from = spec->buckets[i];
    }
    if (buf_add_text(out, " ELSE '", err) < 0 || add_bucket_end(from, out, err) < 0)
        return -1;
    return buf_add_text(out, "+' END", err);
}

static int read_quota_groups(struct making *making, const char *by,
                             struct candidate_groups *out, struct error *err)
{
    const struct quota_spec *spec = making->spec->quota;
    const char *unit = NULL;
    struct buf sql;
    int rc = 0;

    if (spec->n_buckets == 0 || strcmp(by, "length") != 0)
        return candidates_read_groups(making->store, &making->candidates, by, out, err);
    if (profile_weight(making->store, &unit, err) < 0)
        return -1;
    if (!unit)
        return error_set(err, ERR_NOT_FOUND,
                         "length: neither tokens nor words were measured: run 'curate measure "
                         "length' first");
    buf_init(&sql, EXPRESSION_MAX_BYTES);
    rc = add_buckets(spec, unit, &sql, err);
    if (rc == 0)
        rc = candidates_read_groups(making->store, &making->candidates, sql.data, out, err);
    buf_release(&sql);
    return rc;
}

/* The entry of a group, or that of all groups that are not named; spec->n: neither exists. */
static uint32_t find_quota_entry(const struct quota_spec *spec, const char *name,
                                 uint32_t parent)
{
    uint32_t rest = (uint32_t)spec->n;

    for (uint32_t i = 0; i < spec->n; i++) {
        const struct quota_entry *entry = &spec->entries[i];

        if (entry->parent != parent)
            continue;
        if (!entry->name)
            rest = i;
        else if (name && strcmp(entry->name, name) == 0)
            return i;
    }
    return rest;
}

static bool has_children(const struct quota_spec *spec, uint32_t entry)
{
    /* Children stand behind their parent. */
    return entry + (size_t)1 < spec->n && spec->entries[entry + 1].parent == entry;
}

/* Look up the entries of all groups. */
static int find_entries(const struct quota_spec *spec, struct quota_levels *levels,
                        struct error *err)
{
    const size_t n_first = levels->groups[0].n, n_second = levels->groups[1].n;

    levels->entry[0] = calloc(n_first + 1, sizeof(uint32_t));
    levels->entry[1] = calloc(spec->n * n_second + 1, sizeof(uint32_t));
    if (!levels->entry[0] || !levels->entry[1])
        return error_nomem(err);
    for (size_t g = 0; g < n_first; g++)
        levels->entry[0][g] =
            find_quota_entry(spec, levels->groups[0].names[g], QUOTA_NO_PARENT);
    for (uint32_t i = 0; i < spec->n; i++)
        for (size_t g = 0; g < n_second && has_children(spec, i); g++)
            levels->entry[1][i * n_second + g] =
                find_quota_entry(spec, levels->groups[1].names[g], i);
    return 0;
}

/* Find the group of each candidate. */
static int find_groups(struct making *making, struct error *err)
{
    const struct quota_spec *spec = making->spec->quota;
    struct quota_levels levels = { .entry = { NULL } };
    struct quota_values *values = &making->quota;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < spec->n_levels; i++)
        rc = read_quota_groups(making, spec->by[i], &levels.groups[i], err);
    if (rc == 0)
        rc = find_entries(spec, &levels, err);
    for (size_t c = 0; rc == 0 && c < making->candidates.n; c++) {
        uint32_t entry = levels.entry[0][levels.groups[0].group[c]];

        if (entry < spec->n && has_children(spec, entry))
            entry = levels.entry[1][entry * levels.groups[1].n + levels.groups[1].group[c]];
        values->group[c] = entry;
    }
    quota_levels_release(&levels);
    return rc;
}

static int quota_values_init(struct making *making, struct error *err)
{
    const struct quota_spec *spec = making->spec->quota;
    struct quota_values *values = &making->quota;

    values->n = spec->n;
    values->groups = calloc(spec->n + 1, sizeof *values->groups);
    values->group = calloc(making->candidates.n + 1, sizeof *values->group);
    values->totals = calloc(spec->n + 1, sizeof *values->totals);
    values->n_pool = calloc(spec->n + 1, sizeof *values->n_pool);
    values->n_picked = calloc(spec->n + 1, sizeof *values->n_picked);
    if (!values->groups || !values->group || !values->totals || !values->n_pool ||
        !values->n_picked)
        return error_nomem(err);
    for (size_t i = 0; i < spec->n; i++)
        values->groups[i] =
            (struct quota_group){ .name = spec->entries[i].name ? spec->entries[i].name : "*",
                                  .weight = spec->entries[i].share,
                                  .min = spec->entries[i].min,
                                  .max = spec->entries[i].max,
                                  .parent = spec->entries[i].parent };
    return 0;
}

void quota_values_release(struct quota_values *values)
{
    free(values->groups);
    free(values->group);
    free(values->totals);
    free(values->n_pool);
    free(values->n_picked);
}

static uint64_t cost_of(const struct making *making, uint32_t candidate)
{
    return making->costs ? making->costs[candidate] : 1;
}

/* Count what the order has of each group, and drop the samples of no group. */
static size_t count_pool(struct making *making, uint32_t *order, size_t n)
{
    struct quota_values *values = &making->quota;
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t g = values->group[order[i]];

        if (g == values->n)
            continue;
        values->groups[g].have += cost_of(making, order[i]);
        values->n_pool[g]++;
        order[n_kept++] = order[i];
    }
    for (size_t i = values->n; i-- > 0;) {
        const uint32_t parent = values->groups[i].parent;

        if (parent == QUOTA_NO_PARENT)
            continue;
        values->groups[parent].have += values->groups[i].have;
        values->n_pool[parent] += values->n_pool[i];
    }
    return n_kept;
}

/* What the shares of one parent's groups leave goes to those with open ends, by what they
 * have. */
static void weigh_open_groups(const struct quota_spec *spec, struct quota_values *values)
{
    for (size_t i = 0; i < spec->n; i++) {
        double left = 1, have = 0;

        if (spec->entries[i].kind != QUOTA_OPEN)
            continue;
        for (size_t k = 0; k < spec->n; k++) {
            if (spec->entries[k].parent != spec->entries[i].parent)
                continue;
            left -= spec->entries[k].share;
            if (spec->entries[k].kind == QUOTA_OPEN)
                have += (double)values->groups[k].have;
        }
        if (left > 0 && have > 0)
            values->groups[i].weight = left * (double)values->groups[i].have / have;
    }
}

/* Set what was asked for: counts as given, the rest of the total by weight. */
static int set_asked(const struct quota_spec *spec, struct quota_values *values,
                     uint32_t parent, uint64_t total, double *weights, struct error *err)
{
    uint64_t *asked = values->totals;
    double sum = 0;

    for (size_t i = 0; i < spec->n; i++) {
        const bool is_member = spec->entries[i].parent == parent;

        weights[i] = is_member ? values->groups[i].weight : 0;
        sum += weights[i];
        if (is_member && spec->entries[i].kind == QUOTA_BY_COUNT)
            total -= spec->entries[i].min < total ? spec->entries[i].min : total;
    }
    if (sum > 0 && quota_share(total, weights, spec->n, asked, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n; i++)
        if (spec->entries[i].parent == parent)
            values->groups[i].asked = spec->entries[i].kind == QUOTA_BY_COUNT
                                          ? spec->entries[i].min
                                      : sum > 0 ? asked[i]
                                                : 0;
    return 0;
}

static int set_all_asked(const struct quota_spec *spec, struct quota_values *values,
                         uint64_t total, struct error *err)
{
    double *weights = calloc(spec->n + 1, sizeof *weights);

    if (!weights)
        return error_nomem(err);
    int rc = set_asked(spec, values, QUOTA_NO_PARENT, total, weights, err);
    for (uint32_t i = 0; rc == 0 && i < spec->n; i++)
        if (has_children(spec, i))
            rc = set_asked(spec, values, i, values->groups[i].asked, weights, err);
    free(weights);
    return rc;
}

/* Report the table, a note for each line. */
static int report_quotas(const struct making *making, struct error *err)
{
    const struct stage_context *context = making->spec->context;
    struct buf table;

    if (!context)
        return 0;
    buf_init(&table, TABLE_MAX_BYTES);
    const int rc = quota_print(making->quota.groups, making->quota.n, &table, err);
    for (char *line = table.data; rc == 0 && line && *line;) {
        char *end = strchr(line, '\n');

        *end = '\0';
        report_note(context->report, "%s", line);
        line = end + 1;
    }
    buf_release(&table);
    return rc;
}

/* Append the names of the first groups. */
static int add_names(const struct candidate_groups *groups, struct buf *names,
                     struct error *err)
{
    for (size_t i = 0; i < groups->n && i < NAMES_SHOWN; i++)
        if (groups->names[i] &&
            buf_printf(names, err, "%s%s", names->len ? ", " : "", groups->names[i]) < 0)
            return -1;
    return buf_add_text(names,
                        groups->n > NAMES_SHOWN ? ", ..."
                        : names->len            ? ""
                                                : "none",
                        err);
}

/* A group that the quota names is not in the pool: name those that are. */
static int raise_unknown_group(struct making *making, uint32_t entry, struct error *err)
{
    const struct quota_spec *spec = making->spec->quota;
    const uint32_t parent = spec->entries[entry].parent;
    const bool is_child = parent != QUOTA_NO_PARENT;
    const char *by = spec->by[is_child];
    struct candidate_groups groups = { .n = 0 };
    struct buf names;

    buf_init(&names, EXPRESSION_MAX_BYTES);
    if (read_quota_groups(making, by, &groups, err) == 0 &&
        add_names(&groups, &names, err) == 0)
        error_set(err, ERR_INPUT,
                  "--%s: %s%sno sample that can be selected has %s '%s'; there are: %s: use "
                  "--fill to do without",
                  spec->option, is_child ? making->quota.groups[parent].name : "",
                  is_child ? ": " : "", strlen(by) < BY_SHOWN ? by : "the expression",
                  spec->entries[entry].name, names.data);
    candidate_groups_release(&groups);
    buf_release(&names);
    return -1;
}

/* Is there enough of each group? */
static int check_met(struct making *making, uint64_t total, uint64_t unfilled,
                     struct error *err)
{
    const struct quota_values *values = &making->quota;
    const struct quota_spec *spec = making->spec->quota;

    for (uint32_t i = 0; i < spec->n; i++)
        if (spec->entries[i].name && values->n_pool[i] == 0 && !spec->fill &&
            !has_children(spec, i))
            return raise_unknown_group(making, i, err);
    if (spec->fill || quota_is_met(values->groups, values->n, total))
        return 0;
    if (report_quotas(making, err) < 0)
        return -1;
    return error_set(err, ERR_INPUT,
                     "--%s: the pool lacks %" PRIu64 " of %" PRIu64
                     " %s in the groups that may have them, or what a group must have at least "
                     "(see the table): use --fill to select what there is, or change the "
                     "amounts",
                     spec->option, unfilled, total,
                     budget_unit_names[making->spec->budget->unit]);
}

int quota_apply(struct making *making, uint64_t total, uint32_t *order, size_t *n,
                struct error *err)
{
    const struct quota_spec *spec = making->spec->quota;
    struct quota_values *values = &making->quota;
    uint64_t unfilled = 0;

    if (quota_values_init(making, err) < 0)
        return -1;
    if (find_groups(making, err) < 0)
        return error_prefix(err, "--%s", spec->option);
    const size_t n_kept = count_pool(making, order, *n);
    making->n_ungrouped = *n - n_kept;
    *n = n_kept;
    weigh_open_groups(spec, values);
    if (quota_allocate(values->groups, values->n, total, &unfilled, err) < 0)
        return error_prefix(err, "--%s", spec->option);
    if (set_all_asked(spec, values, total, err) < 0 ||
        check_met(making, total, unfilled, err) < 0)
        return -1;
    for (size_t i = 0; i < values->n; i++)
        values->totals[i] = values->groups[i].take;
    return 0;
}

/* Add the groups to the description. */
static int describe_quotas(struct making *making, struct error *err)
{
    const struct quota_values *values = &making->quota;
    struct described *described = making->spec->described;
    struct buf name;
    int rc = 0;

    if (!described)
        return 0;
    buf_init(&name, EXPRESSION_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < values->n; i++) {
        const struct quota_group *group = &values->groups[i];
        const bool is_child = group->parent != QUOTA_NO_PARENT;

        buf_clear(&name);
        rc =
            buf_printf(&name, err, "%s%s%s", is_child ? values->groups[group->parent].name : "",
                       is_child ? "/" : "", group->name);
        if (rc < 0)
            break;
        const struct described_group row = {
            .kind = "quota",
            .name = name.data,
            .unit = budget_unit_names[making->spec->budget->unit],
            .n_pool = values->n_pool[i],
            .n_selected = values->n_picked[i],
            .units_pool = group->have,
            .units_asked = group->asked,
            .units_selected = group->take,
        };
        rc = described_add_group(described, &row, err);
    }
    buf_release(&name);
    return rc;
}

int quota_count(struct making *making, struct error *err)
{
    struct quota_values *values = &making->quota;

    for (size_t i = 0; i < values->n; i++)
        values->groups[i].take = 0;
    for (size_t i = 0; i < making->n_picks; i++) {
        const uint32_t g = values->group[making->picks[i]];

        values->groups[g].take += cost_of(making, making->picks[i]);
        values->n_picked[g]++;
    }
    for (size_t i = values->n; i-- > 0;) {
        const uint32_t parent = values->groups[i].parent;

        if (parent == QUOTA_NO_PARENT)
            continue;
        values->groups[parent].take += values->groups[i].take;
        values->n_picked[parent] += values->n_picked[i];
    }
    return report_quotas(making, err) < 0 ? -1 : describe_quotas(making, err);
}
