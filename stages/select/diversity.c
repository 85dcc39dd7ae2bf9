/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/diversity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse.h"
#include "stages/select/making.h"
#include "stages/stage.h"
#include "store/embedding.h"
#include "store/run.h"
#include "store/score.h"

enum {
    METHOD_MAX_BYTES = 32,
    MEMBER_BYTES = 160, /* that a sample takes beside its vector */
    RESERVED_BYTES = 32 << 20,
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

int diversity_check(const struct diversity_args *args, struct diversity_spec *spec,
                    struct error *err)
{
    const char *colon = args->method ? strchr(args->method, ':') : NULL;
    char name[METHOD_MAX_BYTES] = "";
    char *end = NULL;

    if (!args->method)
        return 0;
    const size_t len = colon ? (size_t)(colon - args->method) : strlen(args->method);
    if (len < sizeof name)
        memcpy(name, args->method, len);
    spec->method = diverse_find(name);
    if (!spec->method)
        return raise_unknown_method(args->method, err);
    spec->parameter = colon ? strtod(colon + 1, &end) : NAN;
    if (!colon)
        return 0;
    if (diverse_default(spec->method, 1) == 0)
        return error_set(err, ERR_USAGE, "--diverse %s: %s has no parameter", args->method,
                         name);
    if (end == colon + 1 || *end != '\0' || !isfinite(spec->parameter))
        return error_set(err, ERR_USAGE, "--diverse %s: after ':' must be a number",
                         args->method);
    const double most = diverse_default(spec->method, 10000) > 1 ? UINT32_MAX : 1;
    if (spec->parameter < (most > 1) || spec->parameter > most ||
        (most > 1 && spec->parameter != floor(spec->parameter)))
        return error_set(err, ERR_USAGE, "--diverse %s: after ':' must be %s", args->method,
                         most > 1 ? "a whole number from 1" : "a number from 0 to 1");
    return 0;
}

int diversity_find(const struct diversity_args *args, const char *model, struct store *store,
                   struct diversity_spec *spec, struct error *err)
{
    struct score_set_info found;

    spec->max_bytes = args->max_memory ? args->max_memory : memory_available("") / 2;
    if (score_set_find(store, args->vectors, model, &found, err) < 0)
        return error_prefix(err, "--diverse");
    spec->score_set_id = found.score_set_id;
    return 0;
}

/* The samples of the pool that have a vector, in the order of their content hashes. */
struct vector_members {
    uint32_t *candidates;
    size_t n;
    size_t width;
    float *vectors;
    double *quality;
};

static void release_vectors(struct vector_members *members)
{
    free(members->candidates);
    free(members->vectors);
    free(members->quality);
}

static int compare_candidates(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

/* Find the samples that have a vector, and how long the vectors are. */
static int find_vectors(const struct making *making, struct vector_members *members,
                        struct error *err)
{
    const int64_t set = making->spec->diverse->score_set_id;
    size_t width;
    int found;

    members->candidates = calloc(making->n_order + 1, sizeof *members->candidates);
    if (!members->candidates)
        return error_nomem(err);
    for (size_t i = 0; i < making->n_order; i++) {
        const uint32_t candidate = making->order[i];
        const int64_t id = making->candidates.ids[candidate];

        if ((found = embedding_width(making->store, set, id, &width, err)) < 0)
            return -1;
        if (found == 0)
            continue;
        if (members->width > 0 && width != members->width)
            return error_set(err, ERR_INPUT,
                             "sample %" PRId64 ": its vector has %zu numbers, others have %zu: "
                             "score it again",
                             id, width, members->width);
        members->width = width;
        members->candidates[members->n++] = candidate;
    }
    qsort(members->candidates, members->n, sizeof *members->candidates, compare_candidates);
    return 0;
}

/* Is there room for the vectors? */
static int check_vectors_fit(const struct vector_members *members,
                             const struct diversity_spec *spec, struct error *err)
{
    const uint64_t each = members->width * sizeof(float) + MEMBER_BYTES;
    const uint64_t need = RESERVED_BYTES + members->n * each;

    if (need <= spec->max_bytes)
        return 0;
    return error_set(err, ERR_NOMEM,
                     "choosing among %zu vectors of %zu numbers needs %" PRIu64
                     " MiB, and --max-memory or this machine leaves %" PRIu64
                     ": choose from fewer samples, with --where or --from",
                     members->n, members->width, (need >> 20) + 1, spec->max_bytes >> 20);
}

/* Read the vectors; those without a length are left out. */
static int load_vectors(const struct making *making, struct vector_members *members,
                        struct error *err)
{
    const int64_t set = making->spec->diverse->score_set_id;
    size_t n = 0;

    members->vectors = reallocarray(NULL, members->n + 1, members->width * sizeof(float) + 1);
    if (!members->vectors)
        return error_nomem(err);
    for (size_t i = 0; i < members->n; i++) {
        const uint32_t candidate = members->candidates[i];
        float *vector = members->vectors + n * members->width;
        bool has_length = false;

        if (embedding_get(making->store, set, making->candidates.ids[candidate], vector,
                          members->width, err) < 0)
            return -1;
        for (size_t l = 0; !has_length && l < members->width; l++)
            has_length = vector[l] != 0;
        if (has_length)
            members->candidates[n++] = candidate;
    }
    members->n = n;
    return 0;
}

/* Scale the merits to 0..1, because they are weighed against cosines. */
static int scale_quality(const struct making *making, struct vector_members *members,
                         struct error *err)
{
    double least = INFINITY, most = -INFINITY;

    members->quality = calloc(members->n + 1, sizeof *members->quality);
    if (!members->quality)
        return error_nomem(err);
    for (size_t i = 0; i < members->n; i++) {
        least = fmin(least, making->merits[members->candidates[i]]);
        most = fmax(most, making->merits[members->candidates[i]]);
    }
    for (size_t i = 0; i < members->n; i++)
        members->quality[i] =
            most > least ? (making->merits[members->candidates[i]] - least) / (most - least)
                         : .5;
    return 0;
}

/* The pool is now the samples with a vector, in the same order. */
static void keep_members(struct making *making, const struct vector_members *members)
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

static int run_method(struct making *making, const struct vector_members *members,
                      const struct kernels *kernels, struct pool *threads, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    const struct diversity_spec *diverse = spec->diverse;
    const uint64_t n_wanted = selection_count(spec->top_n, spec->top_per_10000, members->n);
    struct diverse_input input = {
        .vectors = members->vectors,
        .n = members->n,
        .width = members->width,
        .quality = members->quality,
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

    if (!result.gains)
        return error_nomem(err);
    const int rc = diverse_choose(diverse->method, &input, &result, err);
    free(result.gains);
    if (rc < 0)
        return -1;
    for (size_t i = 0; i < result.n_picks; i++)
        making->picks[i] = members->candidates[making->picks[i]];
    making->n_picks = result.n_picks;
    making->diversity.n_wanted = n_wanted;
    making->diversity.n_chosen = result.n_picks;
    making->diversity.mean_nearest = result.mean_nearest;
    making->diversity.max_nearest = result.max_nearest;
    making->diversity.n_points = result.n_points;
    return 0;
}

/* With kernels and threads. */
static int choose_members(struct making *making, const struct vector_members *members,
                          struct error *err)
{
    const struct stage_context *context = making->spec->context;
    struct pool *threads = NULL;
    struct kernels kernels;

    kernels_init(&kernels, context->cpu_flags);
    if (pool_new(context->n_threads, &threads, err) < 0)
        return -1;
    int rc = context->dry_run
                 ? 0
                 : run_set_kernels(making->store, context->run_id, kernels.name, err);
    if (rc == 0)
        rc = run_method(making, members, &kernels, threads, err);
    pool_free(threads);
    return rc;
}

int diversity_choose(struct making *making, struct error *err)
{
    struct vector_members members = { .n = 0 };

    making->diversity.mean_nearest = NAN;
    int rc = find_vectors(making, &members, err);

    if (rc == 0)
        rc = check_vectors_fit(&members, making->spec->diverse, err);
    if (rc == 0)
        rc = load_vectors(making, &members, err);
    if (rc == 0)
        rc = scale_quality(making, &members, err);
    if (rc == 0)
        keep_members(making, &members);
    if (rc == 0 && members.n > 0)
        rc = choose_members(making, &members, err);
    release_vectors(&members);
    return rc;
}

void diversity_note(const struct diversity_args *args, const struct diversity_result *result,
                    struct report *report)
{
    if (result->n_without > 0)
        report_note(report,
                    "samples without a vector, which cannot be selected: %" PRIu64
                    ": 'curate score %s' makes vectors; its scores have the reasons of those "
                    "it did not make",
                    result->n_without, args->vectors);
    if (result->n_chosen < result->n_wanted)
        report_note(report,
                    "%s: selected %" PRIu64 " of %" PRIu64
                    ": every other sample is too similar to a selected one",
                    args->method, result->n_chosen, result->n_wanted);
    if (result->n_points > 0 && result->n_points < result->n_all)
        report_note(
            report,
            "%s: how well the selection stands for all samples was computed from %" PRIu64
            " of %" PRIu64,
            args->method, result->n_points, result->n_all);
    if (!isnan(result->mean_nearest))
        report_note(report,
                    "cosine of a selected sample with the most similar other one: %.3f on "
                    "average, at most %.3f",
                    result->mean_nearest, result->max_nearest);
}
