/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dedup semantic - find samples whose embeddings point into nearly the same direction.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/memory.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "stages/dedup/clustering.h"
#include "stages/dedup/keep.h"
#include "stages/dedup/semantic_private.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/score.h"
#include "store/store.h"

enum {
    ALGORITHM_VERSION = 1,
    JSON_MAX_BYTES = 1 << 16,
    MEMORY_LEAST_BYTES = 64 << 20,
};

struct semantic_args {
    const char *name;
    const char *embedding;
    const char *model;
    double threshold;
    double least;
    bool centre;
    int64_t max_pairs;
    uint64_t max_memory;
    struct keep_args keep;
};

struct semantic_config {
    struct arena arena;
    struct dedup_order order;
    struct buf keep;
    struct buf params;
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "embedding", offsetof(struct semantic_args, embedding), "METRIC",
      .help = "metric whose vectors are compared" },
    { OPTION_TEXT, 0, "model", offsetof(struct semantic_args, model), "NAME",
      .help = "which model's vectors, where several have the metric" },
    { OPTION_REAL, 0, "threshold", offsetof(struct semantic_args, threshold), "COSINE",
      .help = "samples with this cosine or more are duplicates", .max = 1 },
    { OPTION_REAL, 0, "least", offsetof(struct semantic_args, least), "COSINE",
      .help = "store pairs with this cosine or more", .max = 1 },
    { OPTION_FLAG, 0, "centre", offsetof(struct semantic_args, centre), NULL,
      .help = "subtract the mean of all vectors first" },
    { OPTION_INT, 0, "max-pairs", offsetof(struct semantic_args, max_pairs), "N",
      .help = "stop if more pairs are to be stored", .min = 1 },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct semantic_args, max_memory), "SIZE",
      .help = "memory to use at most", .unset = "half of what is free",
      .min = MEMORY_LEAST_BYTES },
    KEEP_OPTIONS(struct semantic_args, keep),
    { .type = OPTION_END },
};

static const struct option name_option = { OPTION_TEXT, 0,
                                           "name",      offsetof(struct semantic_args, name),
                                           "NAME",      .help = "of the set" };

static const struct semantic_args defaults = {
    .name = "semantic",
    .embedding = "embedding",
    .threshold = 0.99,
    .least = 0.95,
    .max_pairs = 10000000,
    .keep = KEEP_DEFAULTS,
};

static int write_params(const struct semantic_args *args, struct buf *out, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, "centre");
    jsonout_bool(&json, args->centre);
    jsonout_key(&json, "least");
    jsonout_double(&json, args->least);
    jsonout_key(&json, "version");
    jsonout_int(&json, ALGORITHM_VERSION);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

static int semantic_check(const void *arguments, void *config, struct error *err)
{
    const struct semantic_args *args = arguments;
    struct semantic_config *made = config;

    arena_init(&made->arena);
    buf_init(&made->keep, JSON_MAX_BYTES);
    buf_init(&made->params, JSON_MAX_BYTES);
    if (!*args->name)
        return error_set(err, ERR_USAGE, "the name of the set is empty");
    if (args->threshold < args->least)
        return error_set(err, ERR_USAGE,
                         "--threshold %g is below --least %g, and pairs below that are not "
                         "stored: use --least %g",
                         args->threshold, args->least, args->threshold);
    if (keep_parse(&args->keep, "whole", &made->arena, &made->order, err) < 0 ||
        keep_json(&made->order, &made->keep, err) < 0)
        return -1;
    return write_params(args, &made->params, err);
}

static void semantic_release(void *config)
{
    struct semantic_config *made = config;

    arena_release(&made->arena);
    buf_release(&made->keep);
    buf_release(&made->params);
}

/* Find the vectors and the set. */
static int open_set(const struct stage_context *context, const struct semantic_args *args,
                    const struct semantic_config *made, struct semantic_job *job,
                    struct error *err)
{
    struct score_set_info found;
    struct dedup_set set;

    if (score_set_find(context->store, args->embedding, args->model, &found, err) < 0 ||
        dedup_order_check(context->store, &made->order, err) < 0)
        return -1;
    if (found.n_others > 0)
        report_note(context->report,
                    "%s was scored with other parameters, too (%zu more %s); using the vectors "
                    "requested last",
                    args->embedding, found.n_others, found.n_others == 1 ? "set" : "sets");
    const struct dedup_spec spec = { .name = args->name,
                                     .kind = "semantic",
                                     .field = "whole",
                                     .params = buf_slice(&made->params),
                                     .keep = buf_slice(&made->keep),
                                     .score_set_id = found.score_set_id };
    if (dedup_set_put(context->store, &spec, context->run_id, context->dry_run, &set, err) < 0)
        return -1;
    job->score_set_id = found.score_set_id;
    job->dedup_set_id = set.dedup_set_id;
    return context->dry_run
               ? 0
               : run_set_kernels(context->store, context->run_id, job->kernels.name, err);
}

static int put_nothing(const struct semantic_job *job, const struct id_list *samples,
                       struct error *err)
{
    for (size_t i = 0; i < samples->n; i++)
        if (dedup_put_signature(job->context->store, job->dedup_set_id, samples->ids[i],
                                slice_of(NULL, 0), err) < 0)
            return -1;
    return 0;
}

/* Forget what earlier runs found if it is void, and store which samples have no vector. */
static int prepare_set(const struct semantic_job *job, const struct semantic_pool *pool,
                       struct error *err)
{
    struct store *store = job->context->store;

    if (store_begin(store, err) < 0)
        return -1;
    if ((!pool->changed || dedup_clear(store, job->dedup_set_id, err) == 0) &&
        put_nothing(job, &pool->missing, err) == 0 && put_nothing(job, &pool->zero, err) == 0 &&
        store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

static void note_left_out(const struct stage_context *context, const struct semantic_args *args,
                          const struct semantic_pool *pool)
{
    if (pool->n_unscored > 0)
        report_note(context->report,
                    "samples without a vector: %zu: run 'curate score %s', then this command "
                    "again",
                    pool->n_unscored, args->embedding);
    if (pool->missing.n + pool->zero.n > 0)
        report_note(context->report,
                    "samples that cannot be compared: %zu (vector missing for a reason: %zu, "
                    "only zeros: %zu)",
                    pool->missing.n + pool->zero.n, pool->missing.n, pool->zero.n);
    if (pool->changed)
        report_note(context->report,
                    "vectors changed%s since the set was made: all are compared again",
                    args->centre ? " or were added, which changes their mean," : "");
}

static int finish_set(const struct semantic_job *job, const struct semantic_args *args,
                      const struct dedup_order *order, const struct semantic_pool *pool,
                      struct stage_result *result, struct error *err)
{
    const struct stage_context *context = job->context;
    const struct dedup_use use = { .least = args->threshold, .least_containment = -1 };
    struct dedup_counts counts;

    if (semantic_report(job, pool, args->threshold, result, err) < 0 ||
        dedup_make_clusters(context->store, job->dedup_set_id, &pool->samples, order, &use,
                            context->run_id, &counts, err) < 0)
        return -1;
    stage_fact_int(result, "pairs", (int64_t)counts.n_pairs);
    stage_fact_int(result, "clusters", (int64_t)counts.n_clusters);
    stage_fact_int(result, "duplicates", (int64_t)counts.n_duplicates);
    return 0;
}

static int compare_pool(const struct semantic_job *job, const struct semantic_args *args,
                        const struct semantic_config *made, struct semantic_pool *pool,
                        struct stage_result *result, struct error *err)
{
    const struct stage_context *context = job->context;
    const int64_t started_ns = clock_mono_ns();

    if (semantic_pool_read(job, pool, err) < 0)
        return -1;
    note_left_out(context, args, pool);
    stage_fact_text(result, "set", args->name);
    stage_fact_int(result, "vectors", (int64_t)pool->n);
    stage_fact_int(result, "new", (int64_t)(pool->n - pool->n_compared));
    stage_fact_int(result, "not_compared",
                   (int64_t)(pool->n_unscored + pool->missing.n + pool->zero.n));
    if (context->dry_run)
        return 0;
    if (prepare_set(job, pool, err) < 0 || semantic_compare(job, pool, err) < 0)
        return -1;
    semantic_vectors_release(pool);
    if (finish_set(job, args, &made->order, pool, result, err) < 0)
        return -1;
    stage_fact_real(result, "secs", (double)(clock_mono_ns() - started_ns) / 1e9);
    return 0;
}

static int semantic_run(const struct stage_context *context, const void *arguments,
                        const void *config, struct stage_result *result, struct error *err)
{
    const struct semantic_args *args = arguments;
    const struct semantic_config *made = config;
    struct semantic_job job = { .context = context,
                                .centre = args->centre,
                                .least = args->least,
                                .max_pairs = (uint64_t)args->max_pairs };
    struct semantic_pool pool = { .n = 0 };
    struct error ignored;
    int rc = -1;

    job.max_bytes = args->max_memory > 0 ? args->max_memory : memory_available("") / 2;
    kernels_init(&job.kernels, context->cpu_flags);
    if (pool_new(context->n_threads, &job.threads, err) < 0)
        return -1;
    if ((args->max_memory == 0 ||
         store_limit_cache(context->store, SEMANTIC_CACHE_BYTES, err) == 0) &&
        open_set(context, args, made, &job, err) == 0)
        rc = compare_pool(&job, args, made, &pool, result, err);
    semantic_pool_release(&pool);
    pool_free(job.threads);
    if (args->max_memory > 0)
        (void)store_limit_cache(context->store, 0, &ignored);
    return rc;
}

const struct stage stage_dedup_semantic = {
    .name = "dedup semantic",
    .summary = "find samples whose embeddings are nearly equal",
    .description =
        "Compares the stored embeddings of all samples with each other, exactly, and stores\n"
        "the pairs whose cosine is high, and clusters of samples. Nothing is deleted: select\n"
        "--dedup uses the set. Thresholds do not transfer between models: look at the\n"
        "quantiles that are printed. New samples are compared by the same command. It can be\n"
        "stopped at any time and started again.",
    .options = options,
    .positional = &name_option,
    .args_size = sizeof(struct semantic_args),
    .defaults = &defaults,
    .config_size = sizeof(struct semantic_config),
    .check = semantic_check,
    .release = semantic_release,
    .run = semantic_run,
};
