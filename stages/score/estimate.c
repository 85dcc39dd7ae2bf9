/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run will cost: some batches of the very rows are observed, spread evenly over their
 * tokens, so that long samples count for what they cost, and their time per token is taken for
 * that of the rest. The interval is that of a ratio estimate (Cochran, Sampling
 * Techniques, 6.4), which says how much batches differ, and on top of that what a machine's
 * speed wanders between two runs of a few seconds (bench/estimate.py); not what else it may be
 * doing later.
 */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model.h"
#include "stages/score/score_private.h"
#include "stages/stage.h"

/* Batches of one model: at most so many, or as many as take so long. */
enum { BATCHES_MAX = 64, CALIBRATE_SECONDS = 4 };

static const double wandering = 0.05; /* of the seconds, half of its interval */

struct probe {
    double tokens; /* new ones, guessed */
    double secs;
};

/* 97.5 % point of Student's distribution. */
static double student(size_t freedom)
{
    static const double points[] = { 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31 };

    if (freedom - 1 < sizeof points / sizeof *points)
        return points[freedom - 1];
    return 1.96 + 2.7 / (double)freedom;
}

/* Seconds of n_tokens by n probes: the estimate, and half of its interval added in squares. */
static void extrapolate(const struct probe *probes, size_t n, double n_tokens,
                        struct score_cost *cost)
{
    double tokens = 0, secs = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        tokens += probes[i].tokens;
        secs += probes[i].secs;
    }
    const double rate = secs / tokens;
    for (size_t i = 0; i < n; i++) {
        const double off = probes[i].secs - rate * probes[i].tokens;

        squares += off * off;
    }
    /* What was probed is known, the rest uncertain; batches that begin anywhere overlap, and
     * leave this much out. */
    const double rest = n_tokens * exp(-tokens / n_tokens);
    cost->secs += rate * n_tokens;
    cost->half_squared += wandering * rate * n_tokens * wandering * rate * n_tokens;
    if (n > 1) {
        const double spread = sqrt(squares * (double)n / (double)(n - 1)) / tokens;
        const double half = student(n - 1) * spread * rest;

        cost->half_squared += half * half;
    }
}

/* The first batch maps the model and allocates: it is not counted when there are others. */
static int probe_batches(struct score_backlog *backlog, double n_tokens,
                         struct score_cost *cost, struct error *err)
{
    const int64_t end_ns = clock_mono_ns() + (int64_t)CALIBRATE_SECONDS * 1000000000;
    struct probe probes[BATCHES_MAX];
    struct probe first = { 0, 0 };
    double where = 0, covered = 0;
    size_t n = 0;

    do {
        uint64_t tokens = 0;
        double secs = 0;

        if (score_backlog_probe(backlog, where, &tokens, &secs, err) < 0)
            return -1;
        const struct probe probe = { (double)tokens, secs };
        if (first.tokens > 0 && tokens > 0)
            probes[n++] = probe;
        else if (tokens > 0)
            first = probe;
        covered += probe.tokens;
        /* Steps of the golden section are evenly spread wherever they end. */
        where = fmod(where + 0.6180339887498949, 1);
    } while (n < BATCHES_MAX && clock_mono_ns() < end_ns && covered < 2 * n_tokens);
    if (n == 0)
        probes[n++] = first;
    extrapolate(probes, n, n_tokens, cost);
    return 0;
}

/* Models run one after the other, so the larger of their needs counts. */
static void add_memory(const struct scoring *scoring, enum scorer_model role, uint64_t n_tokens,
                       uint64_t longest, struct score_cost *cost)
{
    struct score_fit fit;

    score_memory_fit(scoring, role, n_tokens, longest, &fit);
    const uint64_t bytes = model_info(scoring->models[role].model)->weight_bytes + fit.bytes;

    if (bytes > cost->bytes)
        cost->bytes = bytes;
}

static int add_model(struct scoring *scoring, enum scorer_model role, struct pool *pool,
                     struct score_cost *cost, struct error *err)
{
    struct score_backlog *backlog = NULL;
    const int64_t started_ns = clock_mono_ns();
    struct score_guess guess = { 0 };
    uint64_t longest = 0;
    int rc = -1;

    if (score_backlog_new(scoring, role, &backlog, err) < 0 ||
        score_backlog_guess(backlog, &guess, &longest, err) < 0)
        goto done;
    rc = 0;
    if (guess.n_tokens == 0)
        goto done;
    cost->n_tokens += guess.n_tokens;
    add_memory(scoring, role, guess.n_new, longest, cost);
    rc = score_backlog_open(backlog, pool, err);
    cost->secs += (double)(clock_mono_ns() - started_ns) / 1e9; /* the run does that, too */
    if (rc == 0)
        rc = probe_batches(backlog, (double)guess.n_new, cost, err);
done:
    score_backlog_free(backlog);
    return rc;
}

int score_estimate(struct scoring *scoring, struct score_cost *out, struct error *err)
{
    struct pool *pool = NULL;
    int rc = pool_new(scoring->context->n_threads, &pool, err);

    *out = (struct score_cost){ .n_tokens = 0 };
    for (size_t i = 0; rc == 0 && i < SCORE_MODELS; i++)
        if (scoring->plan.roles[i])
            rc = add_model(scoring, (enum scorer_model)i, pool, out, err);
    pool_free(pool);
    return rc;
}

void score_cost_report(const struct score_cost *cost, struct stage_result *result)
{
    const double half = sqrt(cost->half_squared);

    stage_fact_int(result, "tokens", (int64_t)cost->n_tokens);
    stage_fact_real(result, "est_secs", cost->secs);
    stage_fact_real(result, "est_low", cost->secs > half ? cost->secs - half : 0);
    stage_fact_real(result, "est_high", cost->secs + half);
    stage_fact_int(result, "est_mib", (int64_t)(cost->bytes >> 20));
}

int score_cost_parse(const char *text, double *secs, struct error *err)
{
    char *end;
    const double value = strtod(text, &end);
    const double unit = *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;

    if (*end == 's' || *end == 'm' || *end == 'h')
        end++;
    if (end == text || *end != '\0' || !(value > 0 && value <= 1e9))
        return error_set(err, ERR_USAGE,
                         "--max-cost is '%s'; it takes a time such as 90s, 30m or 2h", text);
    *secs = value * unit;
    return 0;
}

int score_cost_check(const struct score_cost *cost, double most_secs, struct error *err)
{
    const double high = cost->secs + sqrt(cost->half_squared);

    if (high <= most_secs)
        return 0;
    return error_set(err, ERR_USAGE,
                     "about %llu tokens will take %.3g s here, perhaps %.3g, and --max-cost is "
                     "%.3g s; nothing was scored: choose fewer samples with --where, or allow "
                     "more",
                     (unsigned long long)cost->n_tokens, cost->secs, high, most_secs);
}
