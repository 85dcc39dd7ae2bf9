/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster - put samples into k-means clusters of their vectors, as a column beside the facts.
 *
 * All samples with a vector are clustered together, and all numbers are written in one
 * transaction. So the column is always that of one run.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/memory.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/facts/measurer.h"
#include "scoring/kernels/kernels.h"
#include "scoring/scorer.h"
#include "scoring/selection/diverse.h"
#include "scoring/selection/whiten.h"
#include "stages/select/vectors.h"
#include "stages/stage.h"
#include "store/candidates.h"
#include "store/fact.h"
#include "store/run.h"
#include "store/score.h"
#include "store/store.h"

enum { CLUSTER_VERSION = 1, CLUSTER_NAME_MAX = 57, CLUSTER_TEXT_BYTES = 1 << 16 };

struct cluster_args {
    const char *name;
    int64_t n_clusters; /* 0: the root of the number of samples */
    const char *vectors;
    const char *model;
    int64_t seed;
    bool whiten;
    uint64_t max_memory; /* 0: half of what is free */
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "name", offsetof(struct cluster_args, name), "NAME",
      .help = "name of the column" },
    { OPTION_INT, 0, "clusters", offsetof(struct cluster_args, n_clusters), "N",
      .help = "number of clusters", .unset = "the root of the number of samples", .min = 1,
      .max = 1000000 },
    { OPTION_TEXT, 0, "vectors", offsetof(struct cluster_args, vectors), "METRIC",
      .help = "metric whose vectors are compared" },
    { OPTION_TEXT, 0, "model", offsetof(struct cluster_args, model), "NAME",
      .help = "model whose vectors to use, if several models have the metric" },
    { OPTION_INT, 0, "seed", offsetof(struct cluster_args, seed), "N",
      .help = "another seed begins with other centres" },
    { OPTION_FLAG, 0, "whiten", offsetof(struct cluster_args, whiten), NULL,
      .help = "first take out what all vectors share" },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct cluster_args, max_memory), "SIZE",
      .help = "memory for the vectors", .unset = "half of what is free" },
    { .type = OPTION_END },
};

static const struct cluster_args defaults = { .name = "cluster", .vectors = "embedding" };

static int cluster_check(const void *arguments, void *config, struct error *err)
{
    const struct cluster_args *args = arguments;
    const size_t len = strlen(args->name);

    (void)config;
    if (len == 0 || len > CLUSTER_NAME_MAX || (args->name[0] >= '0' && args->name[0] <= '9') ||
        strspn(args->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return error_set(
            err, ERR_USAGE,
            "--name %s: a name has lower-case letters, digits and _, at most %d of "
            "them, and does not begin with a digit",
            args->name, CLUSTER_NAME_MAX);
    if (measurer_of_fact(args->name) || scorer_find(args->name))
        return error_set(err, ERR_USAGE, "--name %s: a %s has this name: choose another",
                         args->name, scorer_find(args->name) ? "metric" : "fact");
    return 0;
}

struct clustered {
    struct arena arena;
    struct candidates samples;
    struct candidate_vectors vectors;
    struct whitening *whitening;
    struct pool *threads;
    size_t n_clusters;
    double *centres;
    uint32_t *cluster; /* of each vector */
};

static int load_all_vectors(const struct stage_context *context,
                            const struct cluster_args *args, struct clustered *c,
                            struct error *err)
{
    const struct candidate_filter everything = { .condition = NULL };
    struct score_set_info found;
    uint32_t *all;

    if (score_set_find(context->store, args->vectors, args->model, &found, err) < 0)
        return error_prefix(err, "--vectors");
    const struct vector_set set = {
        .score_set_id = found.score_set_id,
        .max_bytes = args->max_memory ? args->max_memory : memory_available("") / 2,
        .whiten = args->whiten,
    };
    if (candidates_read(context->store, &everything, &c->samples, err) < 0)
        return -1;
    all = calloc(c->samples.n + 1, sizeof *all);
    if (!all)
        return error_nomem(err);
    for (size_t i = 0; i < c->samples.n; i++)
        all[i] = (uint32_t)i;
    const int rc =
        vectors_load(context->store, &set, &c->samples, all, c->samples.n, &c->vectors, err);
    free(all);
    if (rc < 0 || pool_new(context->n_threads, &c->threads, err) < 0)
        return -1;
    return vectors_whiten(&set, &c->vectors, c->threads, context->report, &c->whitening, err);
}

static int find_clusters(const struct stage_context *context, const struct cluster_args *args,
                         struct clustered *c, struct error *err)
{
    struct kernels kernels;

    if (c->vectors.n == 0)
        return error_set(err, ERR_INPUT, "no sample has a vector: run 'curate score %s' first",
                         args->vectors);
    c->n_clusters = args->n_clusters > 0
                        ? (size_t)args->n_clusters
                        : (size_t)diverse_default(diverse_find("clusters"), c->vectors.n);
    if (c->n_clusters > c->vectors.n)
        return error_set(err, ERR_USAGE, "--clusters %zu: only %zu samples have a vector",
                         c->n_clusters, c->vectors.n);
    kernels_init(&kernels, context->cpu_flags);
    c->centres = calloc(c->n_clusters, c->vectors.width * sizeof *c->centres);
    c->cluster = calloc(c->vectors.n, sizeof *c->cluster);
    if (!c->centres || !c->cluster)
        return error_nomem(err);
    if (!context->dry_run &&
        run_set_kernels(context->store, context->run_id, kernels.name, err) < 0)
        return -1;
    return kmeans_cluster(c->vectors.vectors, c->vectors.n, c->vectors.width, c->n_clusters,
                          (uint64_t)args->seed, &kernels, c->threads, c->centres, c->cluster,
                          context->report, err);
}

/* Describe the column. Its group is that of a label of this name, so neither hides the other.
 */
static int describe_column(const struct cluster_args *args, struct clustered *c,
                           struct fact_group *group, struct error *err)
{
    struct jsonout json;
    struct buf text;
    int rc;

    buf_init(&text, CLUSTER_TEXT_BYTES);
    jsonout_init(&json, &text);
    jsonout_object_begin(&json);
    jsonout_key(&json, "clusters");
    jsonout_int(&json, (int64_t)c->n_clusters);
    if (args->model) {
        jsonout_key(&json, "model");
        jsonout_text(&json, slice_text(args->model));
    }
    jsonout_key(&json, "seed");
    jsonout_int(&json, args->seed);
    jsonout_key(&json, "vectors");
    jsonout_text(&json, slice_text(args->vectors));
    jsonout_key(&json, "whiten");
    jsonout_bool(&json, args->whiten);
    jsonout_object_end(&json);
    rc = jsonout_end(&json, err);
    if (rc == 0) {
        group->params = arena_copy(&c->arena, buf_slice(&text));
        buf_clear(&text);
        rc = buf_printf(&text, err, "label_%s", args->name);
    }
    if (rc == 0) {
        group->name = arena_copy(&c->arena, buf_slice(&text)).ptr;
        rc = group->params.ptr && group->name ? 0 : error_nomem(err);
    }
    buf_release(&text);
    return rc;
}

/* The vectors are in the order of the samples. */
static int write_clusters(struct store *store, const struct fact_group *group,
                          const struct clustered *c, struct error *err)
{
    struct fact_writer *writer = NULL;
    size_t v = 0;
    int rc = fact_writer_open(store, group, 1, &writer, err);

    for (size_t i = 0; rc == 0 && i < c->samples.n; i++) {
        struct fact_cell cell = { .reason = "no_vector" };

        if (v < c->vectors.n && c->vectors.candidates[v] == i)
            cell = (struct fact_cell){ .integer = c->cluster[v++] };
        rc = fact_write(writer, c->samples.ids[i], &cell, err);
    }
    fact_writer_close(writer);
    return rc;
}

static int store_clusters(const struct stage_context *context, const struct cluster_args *args,
                          struct clustered *c, struct error *err)
{
    struct store *store = context->store;
    const struct fact_column column = { args->name, CELL_INTEGER, "cluster" };
    struct fact_group group = { .version = CLUSTER_VERSION,
                                .columns = &column,
                                .n_columns = 1 };

    if (describe_column(args, c, &group, err) < 0 || fact_group_put(store, &group, err) < 0 ||
        store_begin(store, err) < 0)
        return -1;
    if (write_clusters(store, &group, c, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

/* Count the samples of the smallest and of the largest cluster. */
static void count_sizes(const struct clustered *c, struct stage_result *result, size_t *counts)
{
    size_t least = c->vectors.n, most = 0;

    for (size_t i = 0; i < c->vectors.n; i++)
        counts[c->cluster[i]]++;
    for (size_t k = 0; k < c->n_clusters; k++) {
        least = counts[k] < least ? counts[k] : least;
        most = counts[k] > most ? counts[k] : most;
    }
    stage_fact_int(result, "smallest", (int64_t)least);
    stage_fact_int(result, "largest", (int64_t)most);
}

static int cluster_run(const struct stage_context *context, const void *arguments,
                       const void *config, struct stage_result *result, struct error *err)
{
    const struct cluster_args *args = arguments;
    struct clustered c = { .n_clusters = 0 };
    size_t *counts = NULL;
    int rc = -1;

    (void)config;
    arena_init(&c.arena);
    if (load_all_vectors(context, args, &c, err) == 0 &&
        find_clusters(context, args, &c, err) == 0)
        rc = context->dry_run ? 0 : store_clusters(context, args, &c, err);
    if (rc == 0 && !(counts = calloc(c.n_clusters, sizeof *counts)))
        rc = error_nomem(err);
    stage_fact_text(result, "name", args->name);
    if (rc == 0) {
        stage_fact_int(result, "clusters", (int64_t)c.n_clusters);
        stage_fact_int(result, "samples", (int64_t)c.vectors.n);
        stage_fact_int(result, "without_vector", (int64_t)(c.samples.n - c.vectors.n));
        count_sizes(&c, result, counts);
    }
    free(counts);
    free(c.centres);
    free(c.cluster);
    whitening_free(c.whitening);
    pool_free(c.threads);
    vectors_release(&c.vectors);
    candidates_release(&c.samples);
    arena_release(&c.arena);
    return rc;
}

const struct stage stage_cluster = {
    .name = "cluster",
    .summary = "put samples into clusters of their vectors, as a column",
    .description =
        "K-means over the directions of the vectors that 'curate score embedding' stored. The\n"
        "number of the cluster, from 0, is a column of v_facts: conditions, quotas and splits\n"
        "know it by its name. Each run clusters all samples again.",
    .options = options,
    .args_size = sizeof(struct cluster_args),
    .defaults = &defaults,
    .check = cluster_check,
    .run = cluster_run,
};
