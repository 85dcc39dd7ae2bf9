/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "stages/split/split_private.h"
#include "stages/stage.h"

/* A group with more than this share of the samples is named, up to a number of groups. */
enum { BIG_GROUP_PERCENT = 1, BIG_GROUPS_NAMED = 10 };

static int compare_sizes(const void *first, const void *second)
{
    const struct split_group *a = first, *b = second;

    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* Name the groups that are so big that the shares cannot be met well. Sorts the groups. */
static void note_big_groups(struct splitting *splitting)
{
    struct grouping *grouping = &splitting->grouping;
    struct report *report = splitting->context->report;
    size_t n = 0;

    qsort(grouping->groups, grouping->n_groups, sizeof *grouping->groups, compare_sizes);
    for (; n < grouping->n_groups; n++) {
        const struct split_group *group = &grouping->groups[n];

        if (group->n == 1 ||
            (uint64_t)group->n * 100 <= (uint64_t)grouping->n_members * BIG_GROUP_PERCENT)
            break;
        if (n < BIG_GROUPS_NAMED)
            report_note(report,
                        "a group has %" PRIu32 " of %zu samples (%.1f %%), sample %lld among "
                        "them: it is in %s",
                        group->n, grouping->n_members,
                        100.0 * group->n / (double)grouping->n_members,
                        (long long)grouping->samples.ids[group->first],
                        splitting->config->parts[group->part].name);
    }
    if (n > BIG_GROUPS_NAMED)
        report_note(report, "%zu more groups have over %d %% of the samples",
                    n - BIG_GROUPS_NAMED, BIG_GROUP_PERCENT);
}

/* What a part has. */
struct part_count {
    uint64_t n;
    uint64_t n_groups;
    uint64_t weight;
};

/* Print the table of parts, and write "train=90,test=10" as a fact if it fits. */
static void report_parts(const struct splitting *splitting, const struct part_count *counts,
                         struct stage_result *result)
{
    const struct split_config *config = splitting->config;
    struct report *report = splitting->context->report;
    const int exact = splitting->args->exact;
    const bool has_unit = exact != OPTION_NO_CHOICE && exact != SPLIT_EXACT_SAMPLES;
    char list[sizeof result->facts->text] = "";
    size_t len = 0;

    report_note(report, "%8s %8s %9s %9s%s%s  part", "share", "had", "samples", "groups",
                has_unit ? "    " : "", has_unit ? split_exact_names[exact] : "");
    for (size_t i = 0; i < config->n_parts; i++) {
        const struct part_count *count = &counts[i];
        char weight[32] = "";

        if (has_unit)
            snprintf(weight, sizeof weight, " %*" PRIu64,
                     (int)strlen(split_exact_names[exact]) + 3, count->weight);
        report_note(report, "%8.6g %8.4f %9" PRIu64 " %9" PRIu64 "%s  %s", config->shares[i],
                    (double)count->n / (double)splitting->grouping.n_members, count->n,
                    count->n_groups, weight, config->parts[i].name);
        if (count->n == 0)
            report_note(report, "%s has no samples, because there are few groups",
                        config->parts[i].name);
        if (len < sizeof list)
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%s=%" PRIu64,
                                    i > 0 ? "," : "", config->parts[i].name, count->n);
    }
    if (len < sizeof list)
        stage_fact_text(result, "parts", list);
}

static void note_moves(const struct splitting *splitting)
{
    struct report *report = splitting->context->report;
    const struct split_kept *kept = &splitting->kept;

    if (kept->n_joined > 0)
        report_note(report,
                    "joined groups: %" PRIu64 "; each is in the part of the one with the "
                    "smallest key, so %" PRIu64 " samples moved",
                    kept->n_joined, kept->n_moved);
    else if (kept->n_moved > 0)
        report_note(report, "%" PRIu64 " samples moved to another part, to keep sizes exact",
                    kept->n_moved);
}

static const char *split_outcome(const struct splitting *splitting)
{
    const struct split_change *change = &splitting->change;

    if (splitting->split_id == 0)
        return "new";
    return change->n_added + change->n_removed + change->n_changed > 0 ? "changed"
                                                                       : "unchanged";
}

void split_report(struct splitting *splitting, struct stage_result *result)
{
    const struct grouping *grouping = &splitting->grouping;
    struct part_count counts[SPLIT_PARTS_MAX] = { { 0 } };
    char dedup[sizeof result->facts->text] = "none";
    size_t len = 0;

    for (size_t i = 0; i < grouping->n_groups; i++) {
        const struct split_group *group = &grouping->groups[i];

        counts[group->part].n += group->n;
        counts[group->part].n_groups++;
        counts[group->part].weight += group->weight;
    }
    for (unsigned i = 0; i < splitting->dedup.n && len < sizeof dedup; i++)
        len += (size_t)snprintf(dedup + len, sizeof dedup - len, "%s%s", i > 0 ? "," : "",
                                splitting->dedup.items[i]);
    stage_fact_text(result, "name", splitting->args->name);
    stage_fact_text(result, "result", split_outcome(splitting));
    stage_fact_int(result, "samples", (int64_t)grouping->n_members);
    stage_fact_int(result, "groups", (int64_t)grouping->n_groups);
    stage_fact_text(result, "dedup", dedup);
    stage_fact_int(result, "added", (int64_t)splitting->change.n_added);
    stage_fact_int(result, "removed", (int64_t)splitting->change.n_removed);
    stage_fact_int(result, "moved", (int64_t)splitting->kept.n_moved);
    report_parts(splitting, counts, result);
    note_moves(splitting);
    note_big_groups(splitting);
}
