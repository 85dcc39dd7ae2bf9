/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/select/describe.h"
#include "stages/select/described.h"

enum {
    GROUPS_SHOWN = 3,  /* of a kind, the largest of the selection */
    NUMBERS_SHOWN = 4, /* medians */
    LINE_BYTES = 480,
};

static void append(char *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(char *line, const char *fmt, ...)
{
    const size_t len = strlen(line);
    va_list args;

    va_start(args, fmt);
    vsnprintf(line + len, LINE_BYTES - len, fmt, args);
    va_end(args);
}

static double share(uint64_t part, uint64_t all)
{
    return all > 0 ? 100 * (double)part / (double)all : 0;
}

static void note_totals(const struct described *described, struct report *report)
{
    for (size_t i = 0; i < described->made.n_numbers; i++) {
        const struct described_number *number = &described->made.numbers[i];
        const bool is_total =
            strcmp(number->name, "sum") == 0 ||
            (strcmp(number->name, "count") == 0 && strcmp(number->subject, "samples") == 0);

        if (is_total)
            report_note(report, "%-28s %10.0f %10.0f  (%.1f %%)", number->subject, number->pool,
                        number->selected,
                        number->pool > 0 ? 100 * number->selected / number->pool : 0);
    }
}

/* Find the largest group that comes after the `last` one in the order of selected units, equal
 * ones as they stand. NULL at the end. */
static const struct described_group *next_largest(const struct described_group *groups,
                                                  size_t n, const struct described_group *last)
{
    const struct described_group *best = NULL;

    for (const struct described_group *group = groups; group < groups + n; group++) {
        const bool comes_later =
            !last || group->units_selected < last->units_selected ||
            (group->units_selected == last->units_selected && group > last);

        if (comes_later && (!best || group->units_selected > best->units_selected))
            best = group;
    }
    return best;
}

/* One kind of groups. A single group says nothing. */
static void note_groups(const struct described_group *groups, size_t n, struct report *report)
{
    uint64_t pool = 0, selected = 0;
    const struct described_group *group = NULL;
    char name[LINE_BYTES];

    for (size_t i = 0; i < n; i++) {
        pool += groups[i].units_pool;
        selected += groups[i].units_selected;
    }
    if (n < 2)
        return;
    for (size_t i = 0; i < GROUPS_SHOWN && (group = next_largest(groups, n, group)); i++) {
        snprintf(name, sizeof name, "%s %s", group->kind, group->name);
        report_note(report, "%-28s %8.1f %% %8.1f %%", name, share(group->units_pool, pool),
                    share(group->units_selected, selected));
    }
    if (n > GROUPS_SHOWN)
        report_note(report, "%s: %zu more", groups[0].kind, n - GROUPS_SHOWN);
}

static void note_all_groups(const struct described *described, struct report *report)
{
    const struct described_group *groups = described->made.groups;

    for (size_t i = 0; i < described->made.n_groups;) {
        size_t end = i + 1;

        while (end < described->made.n_groups && strcmp(groups[end].kind, groups[i].kind) == 0)
            end++;
        if (strcmp(groups[i].kind, "quota") != 0) /* they have a table of their own */
            note_groups(groups + i, end - i, report);
        i = end;
    }
}

static void note_medians(const struct described *described, struct report *report)
{
    size_t n = 0;

    for (size_t i = 0; i < described->made.n_numbers && n < NUMBERS_SHOWN; i++) {
        const struct described_number *number = &described->made.numbers[i];
        char name[LINE_BYTES];

        if (strcmp(number->name, "median") != 0)
            continue;
        snprintf(name, sizeof name, "%s, median", number->subject);
        report_note(report, "%-28s %10.4g %10.4g", name, number->pool, number->selected);
        n++;
    }
}

static void note_correlations(const struct described *described, const char *by,
                              struct report *report)
{
    char line[LINE_BYTES] = "";

    for (size_t i = 0; i < described->made.n_numbers; i++) {
        const struct described_number *number = &described->made.numbers[i];

        if (strcmp(number->name, "spearman") == 0 && !(by && strcmp(number->subject, by) == 0))
            append(line, "%s %s %.2f", line[0] ? "," : "", number->subject, number->pool);
    }
    if (line[0])
        report_note(report, "rank correlation of the order with%s", line);
}

static void note_gateau(const struct described *described, struct report *report)
{
    const struct described_number *weight = described_find(described, "weight", "cas");
    const struct described_number *alpha = described_find(described, "weight", "alpha");

    if (weight && alpha)
        report_note(report, "cas has %.1f %% of the weight in gateau; 1 - alpha is %.1f %%",
                    100 * weight->pool, 100 * (1 - alpha->pool));
}

static void note_overlaps(const struct described *described, struct report *report)
{
    char line[LINE_BYTES] = "";

    for (size_t i = 0; i < described->made.n_numbers; i++) {
        const struct described_number *number = &described->made.numbers[i];

        if (strcmp(number->name, "overlap") == 0 && !isnan(number->selected))
            append(line, "%s %.1f %% with %s", line[0] ? "," : "", 100 * number->selected,
                   number->subject);
    }
    if (line[0])
        report_note(report, "samples in common with other choices:%s", line);
}

static void note_distance(const struct described *described, struct report *report)
{
    const struct described_number *distance =
        described_find(described, "nearest distance", "vectors");
    const struct described_number *count =
        described_find(described, "count", "vectors compared");

    if (distance && count)
        report_note(report,
                    "nearest other vector (1 - cosine): %.3f in the pool, %.3f selected, among "
                    "%.0f",
                    distance->pool, distance->selected, count->selected);
}

void describe_note(const struct described *described, const char *name, const char *by,
                   struct report *report)
{
    const struct described_number *samples = described_find(described, "count", "samples");

    for (size_t i = 0; i < described->made.n_warnings; i++)
        report_note(report, "warning: %s", described->made.warnings[i]);
    if (!samples || samples->pool < DESCRIBED_FROM || samples->selected == 0)
        return;
    report_note(report, "%-28s %10s %10s", "", "pool", "selected");
    note_totals(described, report);
    note_all_groups(described, report);
    note_medians(described, report);
    note_correlations(described, by, report);
    note_gateau(described, report);
    note_overlaps(described, report);
    note_distance(described, report);
    report_note(report, "'curate selection show %s' prints all of this in full", name);
}
