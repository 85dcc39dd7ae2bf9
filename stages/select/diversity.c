/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/diversity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse.h"
#include "stages/select/making.h"
#include "stages/stage.h"
#include "store/run.h"

enum {
    METHOD_MAX_BYTES = 32,
    NAMES_BYTES = 160,
};

static int raise_unknown_method(const char *text, struct error *err)
{
    char names[NAMES_BYTES] = "";

    for (size_t i = 0; diverse_name(i); i++) {
        const size_t len = strlen(names);

        snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "", diverse_name(i));
    }
    return error_set(err, ERR_USAGE, "--diverse %s: must be one of %s", text, names);
}

int diversity_check(const char *method, struct diversity_spec *spec, struct error *err)
{
    const char *colon = method ? strchr(method, ':') : NULL;
    char name[METHOD_MAX_BYTES] = "";
    char *end = NULL;

    if (!method)
        return 0;
    const size_t len = colon ? (size_t)(colon - method) : strlen(method);
    if (len < sizeof name)
        memcpy(name, method, len);
    spec->method = diverse_find(name);
    if (!spec->method)
        return raise_unknown_method(method, err);
    spec->parameter = colon ? strtod(colon + 1, &end) : NAN;
    if (!colon)
        return 0;
    if (diverse_default(spec->method, 1) == 0)
        return error_set(err, ERR_USAGE, "--diverse %s: %s has no parameter", method, name);
    if (end == colon + 1 || *end != '\0' || !isfinite(spec->parameter))
        return error_set(err, ERR_USAGE, "--diverse %s: after ':' must be a number", method);
    const double most = diverse_default(spec->method, 10000) > 1 ? UINT32_MAX : 1;
    if (spec->parameter < (most > 1) || spec->parameter > most ||
        (most > 1 && spec->parameter != floor(spec->parameter)))
        return error_set(err, ERR_USAGE, "--diverse %s: after ':' must be %s", method,
                         most > 1 ? "a whole number from 1" : "a number from 0 to 1");
    return 0;
}

/* Scale the merits to 0..1, because they are weighed against cosines. */
static double *scale_quality(const struct making *making,
                             const struct candidate_vectors *members, struct error *err)
{
    double *quality = calloc(members->n + 1, sizeof *quality);
    double least = INFINITY, most = -INFINITY;

    if (!quality) {
        error_nomem(err);
        return NULL;
    }
    for (size_t i = 0; i < members->n; i++) {
        least = fmin(least, making->merits[members->candidates[i]]);
        most = fmax(most, making->merits[members->candidates[i]]);
    }
    for (size_t i = 0; i < members->n; i++)
        quality[i] = most > least
                         ? (making->merits[members->candidates[i]] - least) / (most - least)
                         : .5;
    return quality;
}

static int compare_candidates(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

/* The pool is now the samples with a vector, in the same order. */
static void keep_members(struct making *making, const struct candidate_vectors *members)
{
    size_t n = 0;

    for (size_t i = 0; i < making->n_order; i++)
        if (bsearch(&making->order[i], members->candidates, members->n,
                    sizeof *members->candidates, compare_candidates))
            making->order[n++] = making->order[i];
    making->diversity.n_without = making->n_order - n;
    making->n_order = n;
    making->diversity.n_all = n;
}

/* List the costs of the members; *out is NULL without a budget in tokens or bytes. */
static int list_costs(const struct making *making, const struct candidate_vectors *members,
                      uint64_t **out, struct error *err)
{
    *out = NULL;
    if (!making->spec->budget)
        return 0;
    *out = calloc(members->n + 1, sizeof **out);
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < members->n; i++)
        (*out)[i] = making->costs ? making->costs[members->candidates[i]] : 1;
    return 0;
}

static int run_method(struct making *making, const struct candidate_vectors *members,
                      const double *quality, const struct kernels *kernels,
                      struct pool *threads, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    const struct diversity_spec *diverse = spec->diverse;
    const uint64_t n_wanted = selection_count(spec->top_n, spec->top_per_10000, members->n);
    struct diverse_input input = {
        .vectors = members->vectors,
        .n = members->n,
        .width = members->width,
        .quality = quality,
        .n_wanted = (size_t)n_wanted,
        .parameter = isnan(diverse->parameter) ? diverse_default(diverse->method, members->n)
                                               : diverse->parameter,
        .seed = spec->seed,
        .kernels = kernels,
        .pool = threads,
        .report = spec->context->report,
    };
    struct diverse_result result = { .picks = making->picks,
                                     .gains = calloc(n_wanted + 1, sizeof *result.gains) };

    uint64_t *costs = NULL;
    int rc = result.gains ? list_costs(making, members, &costs, err) : error_nomem(err);

    if (rc == 0)
        rc = vectors_check_memory(&spec->vectors, members,
                                  diverse_bytes(diverse->method, input.parameter, members->n,
                                                members->width, n_wanted),
                                  err);
    input.costs = costs;
    input.budget = spec->budget ? spec->budget->total : 0;
    if (rc == 0)
        rc = diverse_choose(diverse->method, &input, &result, err);
    free(result.gains);
    free(costs);
    if (rc < 0)
        return -1;
    for (size_t i = 0; i < result.n_picks; i++)
        making->picks[i] = members->candidates[making->picks[i]];
    making->n_picks = result.n_picks;
    making->diversity.n_wanted = spec->budget ? result.n_picks : n_wanted;
    making->diversity.n_chosen = result.n_picks;
    making->diversity.mean_nearest = result.mean_nearest;
    making->diversity.max_nearest = result.max_nearest;
    making->diversity.n_points = result.n_points;
    return 0;
}

static int choose_members(struct making *making, const struct candidate_vectors *members,
                          const double *quality, struct pool *threads, struct error *err)
{
    const struct stage_context *context = making->spec->context;
    struct kernels kernels;

    kernels_init(&kernels, context->cpu_flags);
    if (!context->dry_run &&
        run_set_kernels(making->store, context->run_id, kernels.name, err) < 0)
        return -1;
    return run_method(making, members, quality, &kernels, threads, err);
}

int diversity_choose(struct making *making, struct error *err)
{
    struct candidate_vectors members = { .n = 0 };
    const struct selection_spec *spec = making->spec;
    struct pool *threads = NULL;
    double *quality = NULL;

    making->diversity.mean_nearest = NAN;
    if (vectors_load(making->store, &spec->vectors, &making->candidates, making->order,
                     making->n_order, &members, err) < 0)
        return -1;
    int rc = pool_new(spec->context->n_threads, &threads, err);
    if (rc == 0)
        rc = vectors_whiten(&spec->vectors, &members, threads, spec->context->report,
                            &making->whitening, err);
    if (rc == 0) {
        keep_members(making, &members);
        quality = scale_quality(making, &members, err);
        rc = quality ? 0 : -1;
    }
    if (rc == 0 && members.n > 0)
        rc = choose_members(making, &members, quality, threads, err);
    free(quality);
    pool_free(threads);
    vectors_release(&members);
    return rc;
}

void diversity_note(const char *method, const char *metric,
                    const struct diversity_result *result, struct report *report)
{
    if (result->n_without > 0)
        report_note(report,
                    "samples without a vector, which cannot be selected: %" PRIu64
                    ": 'curate score %s' makes vectors; its scores have the reasons of those "
                    "it did not make",
                    result->n_without, metric);
    if (result->n_chosen < result->n_wanted)
        report_note(report,
                    "%s: selected %" PRIu64 " of %" PRIu64
                    ": every other sample is too similar to a selected one",
                    method, result->n_chosen, result->n_wanted);
    if (result->n_points > 0 && result->n_points < result->n_all)
        report_note(
            report,
            "%s: how well the selection stands for all samples was computed from %" PRIu64
            " of %" PRIu64,
            method, result->n_points, result->n_all);
    if (!isnan(result->mean_nearest))
        report_note(report,
                    "cosine of a selected sample with the most similar other one: %.3f on "
                    "average, at most %.3f",
                    result->mean_nearest, result->max_nearest);
}
