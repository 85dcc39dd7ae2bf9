/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/pack.h"
#include "scoring/prompts/prompt_cache.h"
#include "stages/score/backlog_private.h"
#include "stages/score/rows.h"
#include "stages/stage.h"
#include "store/sample.h"
#include "store/selection.h"

/* List the samples with missing scores, or tables, of a node. */
static int add_missing(struct score_backlog *backlog, size_t i, struct error *err)
{
    const struct score_request *request = &backlog->request;
    const struct backlog_node *part = &backlog->nodes[i];
    struct id_list ids = { 0 };

    if ((part->is_tables ? score_list_missing_tables(backlog->setup, part->node,
                                                     request->samples, &ids, err)
                         : score_list_missing(backlog->setup, part->node, request->samples,
                                              request->pass, &ids, err)) < 0)
        return -1;
    const int rc = pending_add(&backlog->pending, &ids, 1U << i, err);
    if (!part->is_tables)
        backlog->n_stored += request->samples->n - ids.n;
    id_list_release(&ids);
    return rc;
}

static int add_node(struct score_backlog *backlog, const struct score_node *node,
                    bool is_tables, struct error *err)
{
    static const unsigned tables = NEED_ATTENTION | NEED_BY_HEAD;
    struct backlog_node *part = &backlog->nodes[backlog->n_nodes];
    unsigned needs = is_tables ? tables : node->scorer->needs;

    if (backlog->n_nodes == BACKLOG_NODES_MAX)
        return error_set(err, ERR_USAGE, "more than %d metrics read one model: ask for fewer",
                         BACKLOG_NODES_MAX);
    if (backlog->request.pass == SCORE_PASS_ATTENTION)
        needs &= ~(unsigned)NEED_SEGMENT_NLL;
    else if (backlog->request.pass == SCORE_PASS_NLL)
        needs = NEED_SEGMENT_NLL;
    *part = (struct backlog_node){ .node = node, .is_tables = is_tables, .needs = needs };
    return add_missing(backlog, backlog->n_nodes++, err);
}

/* Add the nodes of the model. In a pass for NLLs only segments are asked for. */
static int add_nodes(struct score_backlog *backlog, struct error *err)
{
    const struct score_setup *setup = backlog->setup;
    const bool only_nll = backlog->request.pass == SCORE_PASS_NLL;

    for (size_t i = 0; i < setup->plan.n; i++) {
        const struct score_node *node = &setup->plan.nodes[i];

        if (node->role != backlog->request.role ||
            !score_node_asks_model(node, setup->settings->all_turns) ||
            (only_nll && !(node->scorer->needs & NEED_SEGMENTS)))
            continue;
        if (add_node(backlog, node, false, err) < 0 ||
            (!only_nll && score_has_tables(setup, node) &&
             add_node(backlog, node, true, err) < 0))
            return -1;
    }
    return 0;
}

unsigned backlog_needs(const struct score_backlog *backlog, uint32_t nodes)
{
    unsigned needs = 0;

    for (size_t i = 0; i < backlog->n_nodes; i++)
        if (nodes & 1U << i)
            needs |= backlog->nodes[i].needs;
    return needs;
}

int score_backlog_new(const struct score_setup *setup, const struct score_request *request,
                      struct score_backlog **out, struct error *err)
{
    struct score_backlog *backlog = calloc(1, sizeof *backlog);
    struct store *store = setup->context->store;

    if (!backlog)
        return error_nomem(err);
    backlog->setup = setup;
    backlog->request = *request;
    backlog->observing = score_models_observing(&setup->models, setup->settings, request->role);
    arena_init(&backlog->batch.arena);
    if (add_nodes(backlog, err) < 0 || pending_sort(&backlog->pending, store, err) < 0 ||
        sample_reader_new(store, &backlog->reader, err) < 0 ||
        backlog_count_tokens(backlog, err) < 0) {
        score_backlog_free(backlog);
        return -1;
    }
    *out = backlog;
    return 0;
}

/* Free the packed weights, too: the other model of a pair is packed next. */
static void close_observer(struct score_backlog *backlog)
{
    if (!backlog->observer)
        return;
    observer_free(backlog->observer);
    backlog->observer = NULL;
    model_unpack(backlog->setup->models.of[backlog->request.role].model);
}

void score_backlog_free(struct score_backlog *backlog)
{
    if (!backlog)
        return;
    close_observer(backlog);
    sample_reader_free(backlog->reader);
    score_texts_release(&backlog->batch.texts);
    arena_release(&backlog->batch.arena);
    pending_release(&backlog->pending);
    free(backlog);
}

const struct token_cost *score_backlog_cost(const struct score_backlog *backlog)
{
    return &backlog->cost;
}

uint64_t score_backlog_stored(const struct score_backlog *backlog)
{
    return backlog->n_stored;
}

static struct model_run model_run_of(const struct score_backlog *backlog)
{
    return (struct model_run){ .setup = backlog->setup,
                               .role = backlog->request.role,
                               .memory_limit = backlog->request.memory_limit };
}

int score_backlog_check_memory(const struct score_backlog *backlog, struct error *err)
{
    const struct model_run model_run = model_run_of(backlog);

    return memory_check(&model_run, &backlog->cost, err);
}

/* Report how many of its tokens the batch has run. The total counts the batch's own tokens
 * instead of their estimate from now on. */
static void report_tokens(const struct score_backlog *backlog, uint64_t n_done, uint64_t n_all)
{
    struct report *report = backlog->setup->context->report;

    if (backlog->reports) {
        report->done = backlog->n_done_before + n_done;
        report->total = backlog->n_total_before - backlog->batch.cost.n_tokens + n_all;
    }
    report_tick(report);
}

/* The observer calls this after each call of the model. */
static int report_batch(void *arg, size_t n_done, size_t n_total)
{
    const struct score_backlog *backlog = arg;

    report_tokens(backlog, n_done, n_total);
    return report_stop(backlog->setup->context->report);
}

int score_backlog_open(struct score_backlog *backlog, struct pool *pool, struct error *err)
{
    const struct score_setup *setup = backlog->setup;
    const struct score_request *request = &backlog->request;
    const struct model_run model_run = model_run_of(backlog);
    struct observer_options observing = backlog->observing;
    struct memory_plan plan;

    memory_plan_make(&model_run, &backlog->cost, &plan);
    if (memory_pack(&model_run, &plan, pool, err) < 0)
        return -1;
    if (request->role == SCORER_MODEL)
        observing.add_prompts_to = request->prompts;
    else
        observing.take_prompts_from = request->prompts;
    observing.progress = report_batch;
    observing.progress_arg = backlog;
    observing.batch_tokens = backlog->batch_least = backlog->batch_goal = plan.batch_tokens;
    observing.max_bytes = request->memory_limit;
    return observer_new(setup->models.of[request->role].model, &setup->models.kernels, pool,
                        &observing, &backlog->observer, err);
}

static double secs_since(int64_t started_ns)
{
    return (double)(clock_mono_ns() - started_ns) / 1e9;
}

int score_backlog_probe(struct score_backlog *backlog, double where, struct cost_probe *out,
                        struct error *err)
{
    const uint64_t goal = backlog->batch_goal;
    const uint64_t token = (uint64_t)(where * (double)backlog->cost.n_new) / goal * goal;
    const size_t first = pending_find_token(&backlog->pending, token);
    const size_t end = pending_find_token(&backlog->pending, token + goal);
    const int64_t started_ns = clock_mono_ns();
    const int64_t cpu_ns = clock_cpu_ns();

    *out = (struct cost_probe){ 0 };
    if (score_check_stop(backlog->setup, err) < 0)
        return -1;
    if (first == end)
        return 0;
    if (batch_observe(backlog, first, end, err) < 0)
        return -1;
    *out = (struct cost_probe){ (double)backlog->batch.cost.n_new, secs_since(started_ns),
                                (double)(clock_cpu_ns() - cpu_ns) / 1e9 };
    return 0;
}

static int run_batch(struct score_backlog *backlog, struct score_run *run, size_t first,
                     struct error *err)
{
    const struct report *report = backlog->setup->context->report;
    const uint64_t n_before = observer_tokens(backlog->observer);
    const int64_t started_ns = clock_mono_ns();

    backlog->n_done_before = report->done;
    backlog->n_total_before = report->total;
    if (batch_observe(backlog, first, backlog->pending.n, err) < 0 ||
        batch_save(backlog, run, err) < 0)
        return -1;
    const uint64_t n_run = observer_tokens(backlog->observer) - n_before;
    report_tokens(backlog, n_run, n_run);
    const struct cost_probe probe = { .tokens = (double)backlog->batch.cost.n_new,
                                      .secs = secs_since(started_ns) };
    backlog->batch_goal = cost_batch_tokens(&probe, backlog->batch_least);
    return 0;
}

int score_backlog_run(struct score_backlog *backlog, struct score_run *run, struct error *err)
{
    struct pool *pool = NULL;
    int rc = -1;

    if (backlog->pending.n == 0)
        return 0;
    backlog->reports = true;
    if (pool_new(backlog->setup->context->n_threads, &pool, err) < 0 ||
        score_backlog_open(backlog, pool, err) < 0)
        goto done;
    for (size_t i = 0; i < backlog->pending.n; i += backlog->batch.n)
        if (score_check_stop(backlog->setup, err) < 0 || run_batch(backlog, run, i, err) < 0)
            goto done;
    rc = 0;
done:
    run->n_tokens += backlog->observer ? observer_tokens(backlog->observer) : 0;
    close_observer(backlog);
    pool_free(pool);
    return rc;
}
