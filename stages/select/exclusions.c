/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/exclusions.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/select/duplicates.h"
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
    *list = (struct exclusion_list){ .items = list->items };
    for (size_t i = 0; i < n_clean; i++)
        if (exclusion_find_clean(store,
                                 args->evaluations.n > 0 ? args->evaluations.items[i] : NULL,
                                 arena, &list->items[list->n++], err) < 0)
            return -1;
    for (size_t i = 0; i < args->dedup.n; i++)
        if (exclusion_find_dedup(store, args->dedup.items[i], arena, &list->items[list->n++],
                                 err) < 0)
            return -1;
    *out = list;
    return 0;
}

/* Copy the samples of a list that are not in another. */
static int filter_ids(const struct id_list *list, const struct id_list *other,
                      struct id_list *out, struct error *err)
{
    *out = (struct id_list){ .ids = calloc(list->n + 1, sizeof *out->ids) };
    if (!out->ids)
        return error_nomem(err);
    for (size_t i = 0; i < list->n; i++)
        if (!id_list_holds(other, list->ids[i]))
            out->ids[out->n++] = list->ids[i];
    return 0;
}

/* Replace the samples that are left by those that the exclusion leaves. */
static int apply_one(struct store *store, struct exclusion *exclusion, struct id_list *left,
                     struct error *err)
{
    struct id_list known = { 0 }, removed = { 0 }, unknown = { 0 }, rest = { 0 };
    int rc = exclusion_read_known(store, exclusion, &known, err);

    if (rc == 0)
        rc = filter_ids(left, &known, &unknown, err);
    if (rc == 0)
        rc = exclusion->kind == EXCLUDE_FLAGGED
                 ? exclusion_read_flagged(store, exclusion, &removed, err)
                 : duplicates_find(store, exclusion->id, exclusion->kind == EXCLUDE_CLUSTER,
                                   left, &removed, err);
    if (rc == 0)
        rc = filter_ids(left, &removed, &rest, err);
    if (rc == 0) {
        exclusion->n_removed = left->n - rest.n;
        exclusion->n_unknown = unknown.n;
        exclusion->n_left = rest.n;
        id_list_release(left);
        *left = rest;
    } else {
        id_list_release(&rest);
    }
    id_list_release(&known);
    id_list_release(&removed);
    id_list_release(&unknown);
    return rc;
}

int exclusions_apply(struct store *store, struct exclusion_list *list,
                     const struct id_list *candidates, struct error *err)
{
    const struct id_list none = { 0 };

    id_list_release(&list->left);
    int rc = filter_ids(candidates, &none, &list->left, err);
    for (size_t i = 0; rc == 0 && i < list->n; i++)
        rc = apply_one(store, &list->items[i], &list->left, err);
    return rc;
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
        if (exclusion->n_unknown > 0)
            report_note(report, "%s: %llu samples were not %s and stay: run 'curate %s' again",
                        exclusion->label, to_print(exclusion->n_unknown),
                        is_dedup ? "compared" : "searched",
                        is_dedup ? "dedup" : "decontaminate");
    }
}
