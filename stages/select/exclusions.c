/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/exclusions.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/report.h"
#include "store/exclusion.h"

int exclusions_check(const struct exclusion_args *args, struct error *err)
{
    if (args->evaluations.n > 0 && !args->clean)
        return error_set(err, ERR_USAGE,
                         "--evaluation %s says what --clean looks at: use --clean, too",
                         args->evaluations.items[0]);
    return 0;
}

int exclusions_find(const struct exclusion_args *args, struct store *store, struct arena *arena,
                    struct exclusion_list **out, struct error *err)
{
    const size_t n_clean = !args->clean               ? 0
                           : args->evaluations.n == 0 ? 1
                                                      : args->evaluations.n;
    const size_t n = args->dedup.n + n_clean;

    *out = NULL;
    if (n == 0)
        return 0;
    struct exclusion_list *list = arena_alloc(arena, 1, sizeof *list);
    if (!list || !(list->items = arena_alloc(arena, n, sizeof *list->items)))
        return error_nomem(err);
    list->n = 0;
    for (size_t i = 0; i < args->dedup.n; i++)
        if (exclusion_find_dedup(store, args->dedup.items[i], arena, &list->items[list->n++],
                                 err) < 0)
            return -1;
    for (size_t i = 0; i < n_clean; i++)
        if (exclusion_find_clean(store,
                                 args->evaluations.n > 0 ? args->evaluations.items[i] : NULL,
                                 arena, &list->items[list->n++], err) < 0)
            return -1;
    *out = list;
    return 0;
}

static unsigned long long to_print(uint64_t n)
{
    return (unsigned long long)n;
}

void exclusions_note(const struct exclusion_list *list, struct report *report)
{
    for (size_t i = 0; list && i < list->n; i++) {
        const struct exclusion *exclusion = &list->items[i];
        const bool is_dedup = exclusion->kind != EXCLUDE_FLAGGED;

        report_note(report, "%s: %llu samples left out, %llu left", exclusion->label,
                    to_print(exclusion->n_removed), to_print(exclusion->n_left));
        if (exclusion->n_unmatched > 0)
            report_note(report,
                        "%s: of %llu of them the sample that is kept instead does not meet the "
                        "conditions",
                        exclusion->label, to_print(exclusion->n_unmatched));
        if (exclusion->n_unknown > 0)
            report_note(report, "%s: %llu samples were not %s and stay: run 'curate %s' again",
                        exclusion->label, to_print(exclusion->n_unknown),
                        is_dedup ? "compared" : "searched",
                        is_dedup ? "dedup" : "decontaminate");
    }
}
