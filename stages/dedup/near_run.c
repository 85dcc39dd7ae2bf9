/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/report.h"
#include "scoring/duplicates/buckets.h"
#include "stages/dedup/clustering.h"
#include "stages/dedup/keep.h"
#include "stages/dedup/near_private.h"
#include "stages/stage.h"
#include "store/dedup_text.h"
#include "store/selection.h"
#include "store/store.h"

enum {
    PARAMS_MAX_BYTES = 1 << 16,
    MEMORY_LEAST = 64 << 20,
    CACHE_MOST = 64 << 20, /* of the database */
};

static int limit_memory(const struct stage_context *context, uint64_t max_memory,
                        uint64_t *left, struct error *err)
{
    const uint64_t memory = max_memory > 0 ? max_memory : memory_available("") / 2;
    const uint64_t all = memory < MEMORY_LEAST ? MEMORY_LEAST : memory;
    const uint64_t cache = all / 4 < CACHE_MOST ? all / 4 : CACHE_MOST;

    *left = all - cache;
    return store_limit_cache(context->store, (size_t)cache, err);
}

/* Mark the samples that a pair must have one of, and write the rule with a digest of them. */
static int mark_asked(struct near_job *job, struct buf *params, struct error *err)
{
    const char *selection = job->rule->against;
    char hex[2 * HASH_BYTES + 1] = "";
    struct id_list list = { 0 };
    struct hash hash;

    memset(job->flags, selection ? 0 : BUCKET_IS_ASKED, job->samples.n);
    if (selection) {
        if (selection_load(job->store, selection, &list, NULL, err) < 0 ||
            dedup_hash_selection(job->store, selection, &hash, err) < 0) {
            id_list_release(&list);
            return -1;
        }
        digest_hex(hash.bytes, HASH_BYTES, hex);
    }
    for (size_t i = 0; i < list.n; i++) {
        uint32_t number;

        if (dedup_samples_number(&job->samples, list.ids[i], &number))
            job->flags[number] |= BUCKET_IS_ASKED;
    }
    id_list_release(&list);
    return near_rule_json(job->rule, hex, params, err);
}

/* Find or make the set, and its samples without a signature. */
static int open_near_set(const struct stage_context *context,
                         const struct near_request *request, struct near_job *job,
                         struct dedup_set *set, struct error *err)
{
    struct buf params;
    struct buf keep;
    struct dedup_spec spec = { .name = request->name,
                               .kind = request->rule.kind,
                               .field = request->rule.field };
    int rc = -1;

    buf_init(&params, PARAMS_MAX_BYTES);
    buf_init(&keep, PARAMS_MAX_BYTES);
    if (mark_asked(job, &params, err) == 0 && keep_json(&request->order, &keep, err) == 0) {
        spec.params = buf_slice(&params);
        spec.keep = buf_slice(&keep);
        rc = dedup_set_put(job->store, &spec, context->run_id, context->dry_run, set, err);
    }
    buf_release(&params);
    buf_release(&keep);
    job->dedup_set_id = set->dedup_set_id;
    return rc;
}

int near_stop(const struct near_job *job, struct error *err)
{
    const int signal = report_stop(job->report);

    report_tick(job->report);
    return signal == 0 ? 0
                       : error_set_sys(err, ERR_CANCELLED, signal,
                                       "stopped by signal %d: what is finished is stored; give "
                                       "the same command again to continue",
                                       signal);
}

/* Compare all samples anew. */
static int mark_all_new(struct near_job *job, struct error *err)
{
    job->n_big = 0;
    for (size_t i = 0; i < job->samples.n; i++)
        job->flags[i] = (uint8_t)((job->flags[i] & BUCKET_IS_ASKED) | BUCKET_IS_NEW);
    if (store_begin(job->store, err) < 0)
        return -1;
    if (dedup_drop_pairs(job->store, job->dedup_set_id, err) < 0) {
        store_rollback(job->store);
        return -1;
    }
    return store_commit(job->store, err);
}

/*
 * Compare the samples without a signature with all. All are compared anew if the pairs of the
 * others are not known: after an interrupted run, and where big buckets have, or had, other
 * first members.
 */
static int compare_new(struct near_job *job, const struct dedup_set *set,
                       const struct id_list *pending, struct error *err)
{
    int64_t n_big = 0;
    uint32_t number;

    if (set->existed && dedup_big_buckets(job->store, job->dedup_set_id, &n_big, err) < 0)
        return -1;
    job->n_big = (uint64_t)n_big;
    if (set->complete && pending->n == 0)
        return 0;
    const bool all = !set->complete || n_big > 0;
    for (size_t i = 0; i < pending->n; i++)
        if (dedup_samples_number(&job->samples, pending->ids[i], &number))
            job->flags[number] |= BUCKET_IS_NEW;
    job->report->unit = "samples";
    job->report->total = pending->n;
    if ((all && mark_all_new(job, err) < 0) || near_sign(job, pending, err) < 0 ||
        near_find_pairs(job, err) < 0)
        return -1;
    if (all || job->n_big == 0)
        return 0;
    return mark_all_new(job, err) < 0 ? -1 : near_find_pairs(job, err);
}

static void add_near_facts(const struct near_job *job, const struct near_request *request,
                           const struct id_list *pending, struct stage_result *result)
{
    stage_fact_text(result, "set", request->name);
    stage_fact_int(result, "samples", (int64_t)job->samples.n);
    stage_fact_int(result, "new", (int64_t)pending->n);
}

static void add_found_facts(const struct near_job *job, const struct dedup_counts *counts,
                            double seconds, struct stage_result *result)
{
    stage_fact_int(result, "compared", (int64_t)job->n_compared);
    stage_fact_int(result, "pairs", (int64_t)counts->n_pairs);
    stage_fact_int(result, "big_buckets", (int64_t)job->n_big);
    stage_fact_int(result, "clusters", (int64_t)counts->n_clusters);
    stage_fact_int(result, "duplicates", (int64_t)counts->n_duplicates);
    stage_fact_real(result, "secs", seconds);
}

static int run_near_set(const struct stage_context *context, const struct near_request *request,
                        struct near_job *job, struct id_list *pending,
                        struct stage_result *result, struct error *err)
{
    const int64_t started_ns = clock_mono_ns();
    struct dedup_counts counts = { 0 };
    struct dedup_set set = { 0 };
    int rc;

    if (open_near_set(context, request, job, &set, err) < 0 ||
        dedup_find_pending(job->store, set.dedup_set_id, pending, err) < 0)
        return -1;
    add_near_facts(job, request, pending, result);
    if (context->dry_run)
        return 0;
    rc = compare_new(job, &set, pending, err);
    const struct dedup_use use = { .least = request->rule.verify ? request->rule.threshold : 0,
                                   .least_containment = request->rule.least_containment > 0
                                                            ? request->rule.least_containment
                                                            : -1,
                                   .n_big_buckets = (int64_t)job->n_big,
                                   .has_copies = true };
    if (rc == 0)
        rc = dedup_make_clusters(job->store, job->dedup_set_id, &job->samples, &request->order,
                                 &use, context->run_id, &counts, err);
    add_found_facts(job, &counts, (double)(clock_mono_ns() - started_ns) / 1e9, result);
    return rc;
}

int near_run(const struct stage_context *context, const struct near_request *request,
             struct stage_result *result, struct error *err)
{
    struct near_job job = { .store = context->store,
                            .report = context->report,
                            .rule = &request->rule,
                            .n_threads = context->n_threads };
    struct id_list pending = { 0 };
    int rc = -1;

    kernels_init(&job.kernels, context->cpu_flags);
    if (limit_memory(context, request->max_memory, &job.memory, err) == 0 &&
        dedup_order_check(job.store, &request->order, err) == 0 &&
        minhash_init(&job.minhash, request->rule.n_bands, request->rule.n_rows,
                     request->rule.seed, err) == 0 &&
        dedup_samples_read(job.store, &job.samples, err) == 0) {
        job.flags = calloc(job.samples.n + 1, sizeof *job.flags);
        rc = job.flags ? run_near_set(context, request, &job, &pending, result, err)
                       : error_nomem(err);
    }
    id_list_release(&pending);
    free(job.flags);
    dedup_samples_release(&job.samples);
    minhash_release(&job.minhash);
    return rc;
}
