/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Estimate what a run will cost: time some batches of its own samples. They are spread evenly
 * over the tokens, so long samples weigh as much as they cost. The other tokens are assumed to
 * take as long.
 */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model.h"
#include "stages/score/backlog.h"
#include "stages/stage.h"

/* Limits of the probes of one model: their number, and their seconds. A machine with other load
 * gets more time, because the interval of fewer than PROBES_LEAST is hardly of use. */
enum { PROBES_MAX = 64, PROBES_LEAST = 7, PROBE_SECONDS = 4, PROBE_SECONDS_MAX = 10 };

enum { LOADS = 2 }; /* load averages: of one minute, and of five */

static bool probe_has_time(int64_t start_ns, size_t n)
{
    const int most = n < PROBES_LEAST ? PROBE_SECONDS_MAX : PROBE_SECONDS;

    return clock_mono_ns() - start_ns < (int64_t)most * 1000000000;
}

/* The first batch maps the model and allocates: it counts only if there is no other. */
static int probe_batches(struct score_backlog *backlog, size_t n_threads,
                         struct time_cost *time, struct error *err)
{
    const int64_t start_ns = clock_mono_ns();
    const double n_tokens = (double)score_backlog_cost(backlog)->n_new;
    struct cost_probe probes[PROBES_MAX];
    struct cost_probe first = { 0 };
    double where = 0, covered = 0;
    size_t n = 0;

    do {
        struct cost_probe probe;

        if (score_backlog_probe(backlog, where, &probe, err) < 0)
            return -1;
        if (first.tokens > 0 && probe.tokens > 0)
            probes[n++] = probe;
        else if (probe.tokens > 0)
            first = probe;
        covered += probe.tokens;
        /* Golden-section steps are evenly spread after any number of them. */
        where = fmod(where + 0.6180339887498949, 1);
    } while (n < PROBES_MAX && covered < 2 * n_tokens && probe_has_time(start_ns, n));
    if (n == 0)
        probes[n++] = first;
    time_cost_add(time, probes, n, n_tokens, n_threads);
    return 0;
}

/* Models run one after the other, so the larger of their needs counts. */
static void add_memory(const struct score_setup *setup, const struct score_request *request,
                       const struct token_cost *cost, struct run_cost *sum)
{
    const struct model_run model_run = { .setup = setup,
                                         .role = request->role,
                                         .memory_limit = request->memory_limit };
    struct memory_plan plan;

    memory_plan_make(&model_run, cost, &plan);
    const uint64_t bytes =
        model_info(setup->models.of[request->role].model)->weight_bytes + plan.bytes;

    if (bytes > sum->bytes)
        sum->bytes = bytes;
}

static int add_model(const struct score_setup *setup, const struct score_request *request,
                     struct pool *pool, struct run_cost *sum, struct error *err)
{
    struct score_backlog *backlog = NULL;
    const int64_t started_ns = clock_mono_ns();

    if (score_backlog_new(setup, request, &backlog, err) < 0)
        return -1;
    const struct token_cost *cost = score_backlog_cost(backlog);
    int rc = 0;
    if (cost->n_tokens > 0) {
        sum->n_tokens += cost->n_tokens;
        add_memory(setup, request, cost, sum);
        rc = score_backlog_open(backlog, pool, err);
        /* The run needs this time as well. */
        sum->time.start_secs += (double)(clock_mono_ns() - started_ns) / 1e9;
        if (rc == 0)
            rc = probe_batches(backlog, setup->context->n_threads, &sum->time, err);
    }
    score_backlog_free(backlog);
    return rc;
}

int score_estimate(const struct score_setup *setup, struct run_cost *out, struct error *err)
{
    struct score_request request = { .samples = &setup->samples,
                                     .memory_limit = setup->settings->memory_limit };
    double loads[LOADS];
    const int n_loads = getloadavg(loads, LOADS); /* before the probes, which are load, too */
    struct pool *pool = NULL;
    int rc = pool_new(setup->context->n_threads, &pool, err);

    *out = (struct run_cost){ 0 };
    for (size_t i = 0; rc == 0 && i < SCORE_MODELS; i++) {
        request.role = (enum scorer_model)i;
        if (setup->plan.roles[i])
            rc = add_model(setup, &request, pool, out, err);
    }
    pool_free(pool);
    time_cost_interval(&out->time, setup->context->n_threads, loads,
                       n_loads > 0 ? (size_t)n_loads : 0, &out->low_secs, &out->high_secs);
    out->secs = out->time.start_secs + out->time.secs;
    return rc;
}
