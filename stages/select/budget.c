/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/budget.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/option.h"
#include "base/report.h"
#include "scoring/selection/order.h"
#include "stages/select/making.h"
#include "stages/select/quota.h"
#include "store/profile.h"

#define COUNT_MAX (UINT64_C(1) << 53)

const char *const budget_unit_names[] = {
    [BUDGET_TOKENS] = "tokens", [BUDGET_SAMPLES] = "samples", [BUDGET_BYTES] = "bytes", NULL
};
const char *const budget_mode_names[] = {
    [BUDGET_SKIP] = "skip", [BUDGET_STOP] = "stop", NULL
};

static uint64_t factor_of(char suffix)
{
    switch (suffix) {
    case 'k':
    case 'K':
        return 1000;
    case 'M':
        return 1000000;
    case 'G':
        return 1000000000;
    default:
        return 1;
    }
}

bool budget_parse_count(struct slice text, uint64_t *out)
{
    const uint64_t factor = text.len > 1 ? factor_of(text.ptr[text.len - 1]) : 1;
    const size_t n_digits = text.len - (factor > 1);
    uint64_t n = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < n_digits; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        n = 10 * n + (uint64_t)(text.ptr[i] - '0');
        if (n >= COUNT_MAX)
            return false;
    }
    if (n >= COUNT_MAX / factor)
        return false;
    *out = n * factor;
    return true;
}

static int parse_tiers(const char *text, struct budget_spec *spec, struct error *err)
{
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");
        uint64_t *tier = &spec->tiers[spec->n_tiers];

        if (spec->n_tiers == BUDGET_TIERS_MAX)
            return error_set(err, ERR_USAGE, "--tiers: more than %d", BUDGET_TIERS_MAX);
        if (!budget_parse_count(slice_of(at, len), tier) || *tier == 0 ||
            (spec->n_tiers > 0 && tier[-1] >= *tier))
            return error_set(err, ERR_USAGE,
                             "--tiers %s: must be sizes from the smallest to the largest, for "
                             "example 1M,10M,50M",
                             text);
        spec->n_tiers++;
        at += len;
        if (!*at)
            return 0;
    }
}

int budget_parse(const struct budget_args *args, struct budget_spec *spec, struct error *err)
{
    const bool has_budget = args->total || args->tiers;

    spec->unit = args->unit == OPTION_NO_CHOICE ? (has_budget ? BUDGET_TOKENS : BUDGET_SAMPLES)
                                                : (enum budget_unit)args->unit;
    spec->mode = (enum budget_mode)args->mode;
    spec->per_token = args->per_token;
    if (!has_budget && (args->unit != OPTION_NO_CHOICE || args->per_token || args->mode))
        return error_set(err, ERR_USAGE, "--%s is for --budget and --tiers: leave it out",
                         args->per_token ? "per-token"
                         : args->mode    ? "budget-mode"
                                         : "unit");
    if (args->total && args->tiers)
        return error_set(
            err, ERR_USAGE,
            "--budget and --tiers exclude each other: the last tier is the budget");
    if (args->per_token && spec->unit != BUDGET_TOKENS)
        return error_set(err, ERR_USAGE, "--per-token needs --unit tokens");
    if (args->total &&
        (!budget_parse_count(slice_text(args->total), &spec->total) || spec->total == 0))
        return error_set(err, ERR_USAGE,
                         "--budget %s: must be a number, for example 50000, 50K, 50M or 1G",
                         args->total);
    if (args->tiers && parse_tiers(args->tiers, spec, err) < 0)
        return -1;
    if (spec->n_tiers > 0)
        spec->total = spec->tiers[spec->n_tiers - 1];
    return 0;
}

static int find_unit(const struct making *making, const char *name, struct error *err)
{
    bool is_text = false;
    const int found = profile_find_column(making->store, name, &is_text, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_NOT_FOUND,
                         "--unit %s: this fact was not measured: run 'curate measure %s' first",
                         name, name);
    return 0;
}

/* Keep the samples of the pool whose cost is known. */
static void keep_known(struct making *making, const double *numbers)
{
    size_t n = 0;

    for (size_t i = 0; i < making->n_order; i++)
        if (!isnan(numbers[making->order[i]]))
            making->order[n++] = making->order[i];
    making->budget.n_without = making->n_order - n;
    making->n_order = n;
}

/* Order the pool by value per token. */
static int order_per_token(struct making *making, struct error *err)
{
    const size_t n = making->candidates.n;
    double *merits = calloc(n + 1, sizeof *merits);

    if (!merits)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        merits[i] = NAN;
    for (size_t i = 0; i < making->n_order; i++)
        merits[making->order[i]] = making->merits[making->order[i]];
    const int rc =
        order_by_value_per_cost(merits, making->costs, n, making->order, &making->n_order, err);
    free(merits);
    return rc;
}

int budget_read_costs(struct making *making, struct error *err)
{
    const struct budget_spec *spec = making->spec->budget;
    const size_t n = making->candidates.n;

    if (!spec)
        return 0;
    if (making->n_outside > 0)
        return error_set(err, ERR_USAGE,
                         "only the first %zu of the cohort are ranked, so what fits into a "
                         "budget or a quota is not known: score it again with --exact-all",
                         making->n_order);
    if (spec->unit == BUDGET_SAMPLES)
        return 0;
    const struct profile_fact fact = { .name = budget_unit_names[spec->unit] };
    double *numbers = NULL;
    int rc = find_unit(making, fact.name, err);

    if (rc == 0) {
        numbers = calloc(n + 1, sizeof *numbers);
        making->costs = calloc(n + 1, sizeof *making->costs);
        rc = numbers && making->costs ? 0 : error_nomem(err);
    }
    if (rc == 0)
        rc = candidates_read_numbers(making->store, &making->candidates, &fact, numbers, NULL,
                                     err);
    if (rc == 0) {
        for (size_t i = 0; i < n; i++)
            making->costs[i] = numbers[i] > 0 ? (uint64_t)numbers[i] : 0;
        keep_known(making, numbers);
    }
    free(numbers);
    return rc == 0 && spec->per_token ? order_per_token(making, err) : rc;
}

/* Fill tiers with the samples of the order, and keep the samples that are in one. */
static int fill_tiers(struct making *making, const uint32_t *order, size_t n, struct error *err)
{
    const struct budget_spec *spec = making->spec->budget;
    uint8_t *tier = calloc(making->candidates.n + 1, sizeof *tier);

    making->tiers = calloc(n + 1, sizeof *making->tiers);
    if (!tier || !making->tiers) {
        free(tier);
        return error_nomem(err);
    }
    budget_fill_tiers(spec->tiers, spec->n_tiers, spec->mode, order, n, making->costs, tier,
                      making->candidates.n, making->budget.tiers);
    making->n_picks = 0;
    for (size_t i = 0; i < n; i++) {
        if (tier[order[i]] == 0)
            continue;
        making->tiers[making->n_picks] = tier[order[i]];
        making->picks[making->n_picks++] = order[i];
        for (size_t t = tier[order[i]]; t <= spec->n_tiers; t++)
            making->budget.n_in_tier[t - 1]++;
    }
    making->budget.used = making->budget.tiers[spec->n_tiers - 1];
    free(tier);
    return 0;
}

/* The units that may be used: of the budget, of --top, or of the counts of the quota. */
static uint64_t total_of(const struct making *making, size_t n)
{
    const struct selection_spec *spec = making->spec;

    if (spec->budget->total > 0)
        return spec->budget->total;
    return spec->has_top ? selection_count(spec->top_n, spec->top_per_10000, n)
                         : spec->quota->sum_of_counts;
}

static int fill_budget(struct making *making, uint32_t *order, size_t n, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    const uint64_t n_candidates = n;
    struct sample_budget budget = { .total = total_of(making, n), .mode = spec->budget->mode };

    if (spec->quota && quota_apply(making, budget.total, order, &n, err) < 0)
        return -1;
    if (spec->quota) {
        budget.groups = making->quota.group;
        budget.group_totals = making->quota.totals;
        budget.n_groups = making->quota.n;
    }
    making->budget.total = budget.total;
    if (budget_fill(&budget, order, n, making->costs, making->picks, &making->n_picks,
                    &making->budget.used, err) < 0)
        return -1;
    const uint64_t most = selection_count(spec->top_n, spec->top_per_10000, n_candidates);
    for (; making->n_picks > most; making->n_picks--)
        making->budget.used -=
            making->costs ? making->costs[making->picks[making->n_picks - 1]] : 1;
    return spec->quota ? quota_count(making, err) : 0;
}

int budget_choose(struct making *making, struct error *err)
{
    const size_t n = making->n_picks;

    if (!making->spec->budget)
        return 0;
    uint32_t *order = calloc(n + 1, sizeof *order);
    if (!order)
        return error_nomem(err);
    memcpy(order, making->picks, n * sizeof *order);
    const int rc = making->spec->budget->n_tiers > 0 ? fill_tiers(making, order, n, err)
                                                     : fill_budget(making, order, n, err);
    free(order);
    return rc;
}

void budget_note(const struct budget_spec *spec, const struct budget_result *result,
                 struct report *report)
{
    const char *unit = budget_unit_names[spec->unit];

    if (result->n_without > 0)
        report_note(report,
                    "samples whose %s were not measured, which cannot be selected: %" PRIu64
                    ": run 'curate measure %s'",
                    unit, result->n_without, unit);
    for (size_t t = 0; t < spec->n_tiers; t++)
        report_note(report, "tier %zu: %" PRIu64 " of %" PRIu64 " %s, samples: %zu", t + 1,
                    result->tiers[t], spec->tiers[t], unit, result->n_in_tier[t]);
    if (spec->total > 0 && spec->n_tiers == 0)
        report_note(report, "budget: %" PRIu64 " of %" PRIu64 " %s are used", result->used,
                    result->total, unit);
}
