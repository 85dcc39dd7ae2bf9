/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/dsir.h"
#include "scoring/selection/target.h"
#include "stages/select/making.h"
#include "stages/stage.h"
#include "store/dedup_text.h"
#include "store/run.h"

enum { TARGET_TEXT_MAX_BYTES = 1 << 30, STOP_EVERY = 256 };

const char *const target_method_names[] = {
    [TARGET_RDS] = "rds", [TARGET_DSIR] = "dsir", NULL
};

static int stop_if_asked(const struct making *making, size_t i, struct error *err)
{
    struct report *report = making->spec->context->report;

    if (i % STOP_EVERY != 0 || report_stop(report) == 0)
        return 0;
    return error_set_sys(err, ERR_CANCELLED, report_stop(report), "stopped");
}

/* The samples of a target, in the order of their content hashes. */
static int read_target(const struct making *making, size_t task, struct candidates *out,
                       struct error *err)
{
    struct id_list list = { 0 };
    const struct candidate_filter filter = { .within = &list };
    const int rc =
        selections_read(making->store, &making->spec->target->selections[task], 1, &list, err);

    *out = (struct candidates){ 0 };
    const int read = rc < 0 ? -1 : candidates_read(making->store, &filter, out, err);
    id_list_release(&list);
    return read;
}

/* DSIR. */

/* Add the texts of samples to one side. */
static int add_side(const struct making *making, struct dsir *dsir, enum dsir_side side,
                    const struct candidates *samples, struct error *err)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, TARGET_TEXT_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < samples->n; i++) {
        buf_clear(&text);
        rc = stop_if_asked(making, i, err);
        if (rc == 0)
            rc = dedup_read_text(making->store, "whole", samples->ids[i], &text, err);
        if (rc == 0)
            rc = dsir_add(dsir, side, buf_slice(&text), err);
    }
    buf_release(&text);
    return rc;
}

/* Compute the weight of each candidate, and add the noise that makes the best a sample. */
static int weigh_texts(struct making *making, struct dsir *dsir, struct error *err)
{
    const struct candidates *pool = &making->candidates;
    struct buf text;
    uint64_t n_tokens;
    int rc = 0;

    buf_init(&text, TARGET_TEXT_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < pool->n; i++) {
        buf_clear(&text);
        rc = stop_if_asked(making, i, err);
        if (rc == 0)
            rc = dedup_read_text(making->store, "whole", pool->ids[i], &text, err);
        if (rc == 0)
            rc = dsir_weigh(dsir, buf_slice(&text), &making->values[i], &n_tokens, err);
        if (rc == 0)
            making->values[i] =
                n_tokens > 0
                    ? making->values[i] + dsir_gumbel(making->spec->seed, &pool->hashes[i])
                    : NAN;
    }
    buf_release(&text);
    return rc;
}

static int read_dsir_values(struct making *making, struct error *err)
{
    /* The texts of files are in it already. */
    int rc = making->dsir ? 0 : dsir_new(&making->dsir, err);

    for (size_t t = 0; rc == 0 && t < making->spec->target->n; t++) {
        struct candidates target;

        rc = read_target(making, t, &target, err);
        if (rc == 0)
            rc = add_side(making, making->dsir, DSIR_TARGET, &target, err);
        making->target.n_target += target.n;
        candidates_release(&target);
    }
    making->target.n_queries = making->target.n_target;
    if (rc == 0)
        rc = add_side(making, making->dsir, DSIR_RAW, &making->candidates, err);
    if (rc == 0 && making->candidates.n > 0)
        rc = dsir_fit(making->dsir, err);
    return rc == 0 ? weigh_texts(making, making->dsir, err) : -1;
}

/* RDS+. */

/* Vectors of candidates, and those of a target: the queries. */
struct comparison {
    struct making *making;
    struct kernels kernels;
    struct pool *threads;
    struct candidate_vectors pool;
    struct candidate_vectors *tasks; /* of each target */
    size_t n_tasks;
    bool by_query; /* a single target: each query has a list of its own */
};

/* The transformation is that of the pool, whose vectors are loaded first. */
static int whiten(struct comparison *c, struct candidate_vectors *vectors, struct error *err)
{
    const struct selection_spec *spec = c->making->spec;

    return vectors_whiten(&spec->vectors, vectors, c->threads, spec->context->report,
                          &c->making->whitening, err);
}

static int load_task(struct comparison *c, size_t task, struct error *err)
{
    struct candidates target;
    uint32_t *all = NULL;
    int rc = read_target(c->making, task, &target, err);

    if (rc == 0) {
        all = calloc(target.n + 1, sizeof *all);
        for (size_t i = 0; all && i < target.n; i++)
            all[i] = (uint32_t)i;
        rc = all ? vectors_load(c->making->store, &c->making->spec->vectors, &target, all,
                                target.n, &c->tasks[task], err)
                 : error_nomem(err);
    }
    if (rc == 0 && c->tasks[task].n == 0)
        rc = error_set(err, ERR_INPUT,
                       "--target %s: none of its %zu samples has a vector: score them first",
                       c->making->spec->target->selections[task], target.n);
    if (rc == 0 && c->pool.n > 0 && c->tasks[task].width != c->pool.width)
        rc = error_set(err, ERR_INPUT,
                       "--target %s: its vectors have %zu numbers, those of the others %zu: "
                       "score them again",
                       c->making->spec->target->selections[task], c->tasks[task].width,
                       c->pool.width);
    if (rc == 0)
        rc = whiten(c, &c->tasks[task], err);
    c->making->target.n_target += target.n;
    c->making->target.n_queries += c->tasks[task].n;
    free(all);
    candidates_release(&target);
    return rc;
}

static void end_comparison(struct comparison *c)
{
    for (size_t t = 0; c->tasks && t < c->n_tasks; t++)
        vectors_release(&c->tasks[t]);
    free(c->tasks);
    vectors_release(&c->pool);
    pool_free(c->threads);
}

/* Load the vectors of n candidates and of the targets. End it also after a failure. */
static int begin_comparison(struct making *making, const uint32_t *among, size_t n,
                            struct comparison *c, struct error *err)
{
    const struct selection_spec *spec = making->spec;

    *c = (struct comparison){ .making = making,
                              .n_tasks = spec->target->n,
                              .by_query = spec->target->n == 1,
                              .tasks = calloc(spec->target->n, sizeof *c->tasks) };
    kernels_init(&c->kernels, spec->context->cpu_flags);
    making->target = (struct target_result){ .n_target = 0 };
    if (!c->tasks)
        return error_nomem(err);
    if (pool_new(spec->context->n_threads, &c->threads, err) < 0 ||
        vectors_load(making->store, &spec->vectors, &making->candidates, among, n, &c->pool,
                     err) < 0 ||
        whiten(c, &c->pool, err) < 0)
        return -1;
    for (size_t t = 0; t < c->n_tasks; t++)
        if (load_task(c, t, err) < 0)
            return -1;
    if (spec->context->dry_run)
        return 0;
    return run_set_kernels(making->store, spec->context->run_id, c->kernels.name, err);
}

/* The largest cosine of each vector of the pool with one of n queries of a task. */
static int find_cosines(const struct comparison *c, size_t task, size_t first, size_t n,
                        double *out, struct error *err)
{
    return target_cosines(c->pool.vectors, c->pool.n, c->pool.width,
                          c->tasks[task].vectors + first * c->pool.width, n, &c->kernels,
                          c->threads, out, err);
}

static int read_rds_values(struct making *making, struct error *err)
{
    uint32_t *all = calloc(making->candidates.n + 1, sizeof *all);
    double *cosines = calloc(making->candidates.n + 1, sizeof *cosines);
    struct comparison c = { .threads = NULL };
    int rc = 0;

    for (size_t i = 0; all && i < making->candidates.n; i++) {
        all[i] = (uint32_t)i;
        making->values[i] = NAN;
    }
    rc = all && cosines ? begin_comparison(making, all, making->candidates.n, &c, err)
                        : error_nomem(err);
    for (size_t t = 0; rc == 0 && t < c.n_tasks; t++) {
        rc = find_cosines(&c, t, 0, c.tasks[t].n, cosines, err);
        for (size_t i = 0; rc == 0 && i < c.pool.n; i++)
            making->values[c.pool.candidates[i]] =
                fmax(making->values[c.pool.candidates[i]], cosines[i]);
    }
    end_comparison(&c);
    free(all);
    free(cosines);
    return rc;
}

int target_read_values(struct making *making, struct error *err)
{
    return making->spec->target->method == TARGET_DSIR ? read_dsir_values(making, err)
                                                       : read_rds_values(making, err);
}

/* The cosines of a list: of one query, or of all queries of a task. */
static int read_list_cosines(void *arg, size_t list, double *out, struct error *err)
{
    const struct comparison *c = arg;

    if (stop_if_asked(c->making, list, err) < 0)
        return -1;
    return c->by_query ? find_cosines(c, 0, list, 1, out, err)
                       : find_cosines(c, list, 0, c->tasks[list].n, out, err);
}

static int let_lists_choose(struct comparison *c, size_t n_wanted, struct error *err)
{
    struct making *making = c->making;
    uint32_t *lists = calloc(n_wanted + 1, sizeof *lists);
    const struct rds_input input = { .n = c->pool.n,
                                     .n_lists = c->by_query ? c->tasks[0].n : c->n_tasks,
                                     .read_scores = read_list_cosines,
                                     .arg = c,
                                     .n_wanted = n_wanted };

    if (!lists)
        return error_nomem(err);
    const int rc = rds_choose(&input, making->picks, lists, &making->n_picks, err);
    for (size_t i = 0; rc == 0 && i < making->n_picks; i++)
        making->picks[i] = c->pool.candidates[making->picks[i]];
    free(lists);
    return rc;
}

int target_choose(struct making *making, struct error *err)
{
    const struct selection_spec *spec = making->spec;
    const size_t n_wanted =
        spec->budget
            ? making->n_order
            : (size_t)selection_count(spec->top_n, spec->top_per_10000, making->n_order);
    struct comparison c = { .threads = NULL };
    int rc = 0;

    if (n_wanted == 0)
        return 0;
    rc = begin_comparison(making, making->order, making->n_order, &c, err);
    if (rc == 0)
        rc = let_lists_choose(&c, n_wanted, err);
    end_comparison(&c);
    return rc;
}

void target_note(const struct target_spec *spec, const struct target_result *result,
                 struct report *report)
{
    const size_t n = spec->n + spec->n_files;
    const char *kind = spec->n_files == 0 ? (n == 1 ? "selection" : "selections")
                       : spec->n == 0     ? (n == 1 ? "file" : "files")
                                          : "selections and files";

    report_note(report, "target: %zu samples of %zu %s, which cannot be selected themselves",
                result->n_target, n, kind);
    if (result->n_queries < result->n_target)
        report_note(report, "target: %zu of them have no vector and are not compared with",
                    result->n_target - result->n_queries);
}
