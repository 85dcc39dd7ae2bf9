/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/making.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/selection/dsir.h"
#include "scoring/selection/order.h"
#include "scoring/selection/whiten.h"
#include "stages/select/describe.h"
#include "stages/select/described.h"
#include "stages/select/target_file.h"
#include "store/exclusion.h"
#include "store/policy.h"
#include "store/profile.h"
#include "store/store.h"

static int compare_ids(const void *first, const void *second)
{
    const int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;

    return (a > b) - (a < b);
}

/* Append the samples of a selection to a list. */
static int add_selection(struct store *store, const char *name, struct id_list *list,
                         struct error *err)
{
    struct id_list more = { 0 };

    if (selection_load(store, name, &more, NULL, err) < 0)
        return -1;
    int64_t *ids = reallocarray(list->ids, list->n + more.n + 1, sizeof *ids);
    if (ids) {
        if (more.n > 0)
            memcpy(ids + list->n, more.ids, more.n * sizeof *ids);
        list->ids = ids;
        list->n += more.n;
    }
    id_list_release(&more);
    return ids ? 0 : error_nomem(err);
}

int selections_read(struct store *store, const char *const *names, size_t n,
                    struct id_list *list, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (add_selection(store, names[i], list, err) < 0)
            return -1;
    if (list->n > 0)
        qsort(list->ids, list->n, sizeof *list->ids, compare_ids);
    return 0;
}

static int read_pool(struct making *making, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    struct id_list within = { 0 }, except = { 0 };
    const struct candidate_filter filter = {
        .condition = spec->policy ? spec->policy_sql : spec->condition,
        .within = spec->from ? &within : NULL,
        .except = &except,
    };
    int rc = 0;

    if (spec->policy)
        rc = policy_count(making->store, spec->policy, spec->condition, err);
    if (rc == 0 && spec->from)
        rc = selections_read(making->store, &spec->from, 1, &within, err);
    if (rc == 0 && spec->target)
        rc = target_read_files(making, &except, err);
    if (rc == 0)
        rc = selections_read(making->store, spec->not_in, spec->n_not_in, &except, err);
    if (rc == 0 && spec->target)
        rc = selections_read(making->store, spec->target->selections, spec->target->n, &except,
                             err);
    if (rc == 0)
        rc = candidates_read(making->store, &filter, &making->candidates, err);
    id_list_release(&within);
    id_list_release(&except);
    if (rc < 0)
        return -1;
    const size_t n = making->candidates.n + 1;
    making->values = calloc(n, sizeof *making->values);
    making->merits = calloc(n, sizeof *making->merits);
    making->order = calloc(n, sizeof *making->order);
    making->picks = calloc(n, sizeof *making->picks);
    if (!making->values || !making->merits || !making->order || !making->picks)
        return error_nomem(err);
    return 0;
}

double selection_random_value(uint64_t seed, const struct hash *sample)
{
    uint8_t bytes[8 + HASH_BYTES];

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(seed >> (56 - 8 * i));
    memcpy(bytes + 8, sample->bytes, HASH_BYTES);
    return (double)(hash_u64(slice_of((const char *)bytes, sizeof bytes)) >> 11) * 0x1p-53;
}

/* Read what the samples are ordered by. */
static int read_order_values(struct making *making, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    const struct candidates *candidates = &making->candidates;
    const struct profile_fact number = {
        .name = spec->ordering == ORDERED_BY_FACT ? spec->fact : "the metric",
        .score_set_id = spec->score_set_id,
        .cohort_id = spec->cohort_id,
        .cohort_column = spec->cohort_column,
    };

    if (spec->ordering == ORDERED_BY_METRIC || spec->ordering == ORDERED_BY_FACT)
        return candidates_read_numbers(making->store, candidates, &number, making->values,
                                       &making->n_outside, err);
    if (spec->ordering == ORDERED_BY_FORMULA)
        return by_formula_read_values(making, err);
    if (spec->ordering == ORDERED_BY_TARGET)
        return target_read_values(making, err);
    for (size_t i = 0; i < candidates->n; i++)
        making->values[i] = spec->ordering == ORDERED_AT_RANDOM
                                ? selection_random_value(spec->seed, &candidates->hashes[i])
                                : NAN;
    return 0;
}

/* Put the candidates that have a value into their order. */
static int order_candidates(struct making *making, struct error *err)
{
    const bool ascends = (making->spec->ordering == ORDERED_BY_METRIC ||
                          making->spec->ordering == ORDERED_BY_FACT) &&
                         !making->spec->higher_is_better;
    const size_t n = making->candidates.n;

    if (read_order_values(making, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        making->merits[i] = making->spec->ordering == NOT_ORDERED ? 0
                            : ascends                             ? -making->values[i]
                                                                  : making->values[i];
    if (order_by_value(making->merits, n, making->order, &making->n_order, err) < 0)
        return -1;
    making->n_unscored = n - making->n_order - making->n_outside;
    return 0;
}

/* List the samples of the pool, ascending. */
static int list_pool(const struct making *making, struct id_list *out, struct error *err)
{
    out->ids = calloc(making->n_order + 1, sizeof *out->ids);
    if (!out->ids)
        return error_nomem(err);
    for (size_t i = 0; i < making->n_order; i++)
        out->ids[i] = making->candidates.ids[making->order[i]];
    out->n = making->n_order;
    qsort(out->ids, out->n, sizeof *out->ids, compare_ids);
    return 0;
}

/* Remove what the exclusions leave out. */
static int apply_exclusions(struct making *making, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    struct id_list pool = { 0 };
    size_t n = 0;

    if (!spec->exclusions)
        return 0;
    int rc = list_pool(making, &pool, err);
    if (rc == 0)
        rc = spec->exclude(making->store, spec->exclusions, &pool, err);
    for (size_t i = 0; rc == 0 && i < making->n_order; i++)
        if (id_list_holds(&spec->exclusions->left, making->candidates.ids[making->order[i]]))
            making->order[n++] = making->order[i];
    making->n_order = n;
    id_list_release(&pool);
    return rc;
}

static int choose(struct making *making, struct error *err)
{
    const struct selection_spec *spec = making->spec;

    if (spec->diverse)
        return diversity_choose(making, err);
    if (spec->target && spec->target->method == TARGET_RDS)
        return target_choose(making, err);
    const uint64_t n_candidates = making->n_order + making->n_outside;
    const uint64_t n = spec->budget
                           ? making->n_order
                           : selection_count(spec->top_n, spec->top_per_10000, n_candidates);

    if (n > making->n_order)
        return error_set(
            err, ERR_USAGE,
            "--top %s selects %llu of %llu, but only the first %zu of the cohort are "
            "ranked: score it again with a larger --top, or with --exact-all",
            spec->top, (unsigned long long)n, (unsigned long long)n_candidates,
            making->n_order);
    memcpy(making->picks, making->order, (size_t)n * sizeof *making->picks);
    making->n_picks = (size_t)n;
    return 0;
}

/* Store the picks. */
static int put(const struct making *making, int64_t run_id, bool dry_run,
               struct selection_outcome *outcome, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    int64_t *ids = calloc(making->n_picks + 1, sizeof *ids);
    double *scores = calloc(making->n_picks + 1, sizeof *scores);
    int rc = -1;

    for (size_t i = 0; ids && scores && i < making->n_picks; i++) {
        ids[i] = making->candidates.ids[making->picks[i]];
        scores[i] = making->values[making->picks[i]];
    }
    const struct selection_row row = { .name = spec->name,
                                       .ordering = spec->ordering,
                                       .score_set_id = spec->score_set_id,
                                       .fact = spec->fact,
                                       .formula = spec->formula ? spec->formula->text : NULL,
                                       .descending = spec->higher_is_better,
                                       .condition = spec->condition,
                                       .top = spec->top,
                                       .rule = spec->rule,
                                       .n_candidates = making->n_order + making->n_outside,
                                       .n_unscored = making->n_unscored,
                                       .policy = spec->policy,
                                       .exclusions = spec->exclusions,
                                       .may_empty = spec->may_empty,
                                       .n = making->n_picks,
                                       .ids = ids,
                                       .scores = scores,
                                       .tiers = making->tiers,
                                       .description =
                                           spec->described ? &spec->described->made : NULL };
    if (ids && scores)
        rc = selection_put(making->store, &row, run_id, dry_run, outcome, err);
    else
        error_nomem(err);
    free(ids);
    free(scores);
    return rc;
}

static void making_release(struct making *making)
{
    candidates_release(&making->candidates);
    free(making->values);
    free(making->merits);
    free(making->order);
    free(making->picks);
    free(making->tiers);
    dsir_free(making->dsir);
    whitening_free(making->whitening);
    formula_values_release(&making->formula);
    free(making->costs);
    quota_values_release(&making->quota);
}

static int check_spec(const struct selection_spec *spec, struct error *err)
{
    if (spec->name[0] == '\0')
        return error_set(err, ERR_USAGE, "empty selection name: use --name NAME");
    if (spec->top_n == 0 && spec->top_per_10000 == 0)
        return error_set(err, ERR_USAGE, "selection '%s': no size given: use --top N|P%%",
                         spec->name);
    return 0;
}

int selection_make(struct store *store, const struct selection_spec *spec, int64_t run_id,
                   bool dry_run, struct selection_result *out, struct error *err)
{
    static int (*const steps[])(struct making *, struct error *) = {
        read_pool, order_candidates, apply_exclusions,   budget_read_costs,
        choose,    budget_choose,    describe_selection, by_formula_describe,
    };
    struct making making = { .store = store, .spec = spec };
    struct selection_outcome outcome;

    if (check_spec(spec, err) < 0 || (!dry_run && store_begin(store, err) < 0))
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof steps / sizeof *steps; i++)
        rc = steps[i](&making, err);
    if (rc == 0)
        rc = put(&making, run_id, dry_run, &outcome, err);
    if (rc == 0 && !dry_run)
        rc = store_commit(store, err);
    if (rc == 0)
        *out = (struct selection_result){ .n_selected = making.n_picks,
                                          .n_candidates = making.n_order + making.n_outside,
                                          .n_unscored = making.n_unscored,
                                          .n_outside = making.n_outside,
                                          .diversity = making.diversity,
                                          .target = making.target,
                                          .budget = making.budget,
                                          .n_ungrouped = making.n_ungrouped,
                                          .n_missing = making.formula.n_missing,
                                          .n_not_finite = making.formula.n_not_finite,
                                          .replaced = outcome.replaced,
                                          .unchanged = outcome.unchanged };
    if (!dry_run)
        store_rollback(store);
    making_release(&making);
    return rc;
}
