/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score - compute metrics for every sample that lacks them.
 *
 * The metrics asked for and everything they are made of form a plan (plan.h). Each node of it
 * has a score set (sets.h). Each model runs once over all samples with missing scores
 * (backlog.h). Scores derived from stored scores (compute.h) and cohorts (cohorts.h) follow
 * without a model. Facts among the metrics are measured first. Every part commits as it goes,
 * so the same command carries on where a killed one stopped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/net/fetcher.h"
#include "base/report.h"
#include "stages/measure/facts.h"
#include "stages/score/backlog.h"
#include "stages/score/cohorts.h"
#include "stages/score/compute.h"
#include "stages/score/models.h"
#include "stages/score/plan.h"
#include "stages/score/rows.h"
#include "stages/score/run.h"
#include "stages/score/sets.h"
#include "stages/score/settings.h"
#include "stages/stage.h"
#include "store/run.h"

static const char description[] =
    "Computes the named metrics and the metrics they are made of. A score stored for the\n"
    "same sample, model and parameters is never computed again. So the command can be\n"
    "stopped at any time and started again.\n\n"
    "hmp and gateau compare a pair of models of one lineage: one with a long window\n"
    "(--model) and one with a short window (--short-model). The samples of --where become\n"
    "a version of a cohort: 'curate help cohort make'. 'curate explain METRIC' says what a\n"
    "metric means.\n\n"
    "Facts can be named, too: they are measured first, as by 'curate measure'.";

enum { LACKING_MAX_BYTES = 1 << 16 };

/* What score_stage_check() makes of the arguments. */
struct score_config {
    struct score_settings settings;
    struct score_plan plan;
    struct text_list fact_names;
    struct measure_facts *facts; /* NULL: no fact is named */
    char *facts_where;           /* NULL: of all samples */
};

/*
 * Check the facts among the metrics. The condition can be about facts that this run measures:
 * where it is unknown yet, the sample is measured, and the samples to score are chosen after
 * that.
 */
static int check_facts(const struct score_args *args, struct score_config *made,
                       struct error *err)
{
    const char *where = made->settings.where;
    struct measure_request request = {
        .labels = &args->labels,
        .tokenizer = !made->plan.counts_tokens ? NULL
                     : args->tokenizer         ? args->tokenizer
                                               : args->model,
        .flagged_words = args->flagged_words,
        .max_memory = args->max_memory,
    };

    for (unsigned i = 0; i < args->metrics.n; i++)
        if (score_names_facts(args->metrics.items[i]) &&
            option_list_add(&made->fact_names, args->metrics.items[i], err) < 0)
            return -1;
    if (made->fact_names.n > 0)
        request.names = &made->fact_names;
    else if (args->labels.n == 0 && !args->flagged_words)
        return 0;
    if (where && asprintf(&made->facts_where, "(%s\n) IS NOT FALSE", where) < 0) {
        made->facts_where = NULL;
        return error_nomem(err);
    }
    return measure_facts_new(&request, &made->facts, err);
}

static int score_stage_check(const void *arguments, void *config, struct error *err)
{
    const struct score_args *args = arguments;
    struct score_config *made = config;

    if ((args->model && fetched_check(args->model, err) < 0) ||
        (args->short_model && fetched_check(args->short_model, err) < 0) ||
        score_settings_make(args, &made->settings, err) < 0 ||
        score_plan_make(&args->metrics, &made->plan, err) < 0)
        return -1;
    if (score_settings_check(&made->settings, &made->plan, err) < 0)
        return -1;
    return check_facts(args, made, err);
}

static void score_stage_release(void *config)
{
    struct score_config *made = config;

    measure_facts_free(made->facts);
    free(made->facts_where);
    option_list_free(&made->fact_names);
    score_plan_release(&made->plan);
    score_settings_release(&made->settings);
}

/* Compute the scores of a node that no model is run for. */
static int compute_node(struct score_run *run, const struct score_node *node,
                        enum score_pass pass, struct error *err)
{
    const struct scorer *scorer = node->scorer;
    const bool all_turns = run->setup->settings->all_turns;

    if (scorer->measure)
        return score_measure(run, node, err);
    if (scorer->pool)
        return score_pool(run, node, err);
    if (scorer->derive || (node->reads_segments && !score_node_asks_model(node, all_turns)))
        return score_derive(run, node, &run->setup->samples, pass, err);
    if (scorer->rank && node->asked)
        return score_cohort(run, node, pass, err);
    return 0;
}

static int compute_nodes(struct score_run *run, struct error *err)
{
    const struct score_setup *setup = run->setup;
    const struct stage_context *context = setup->context;
    const enum score_pass pass = score_top_pass(setup);

    if (setup->plan.n == 0)
        return 0; /* facts only */
    if (run_set_kernels(context->store, context->run_id, setup->models.kernels.name, err) < 0 ||
        score_backlog_run_all(run, pass, err) < 0)
        return -1;
    for (size_t i = 0; i < setup->plan.n; i++)
        if (compute_node(run, &setup->plan.nodes[i], pass, err) < 0)
            return -1;
    return 0;
}

static void report_run(const struct score_run *run, double secs, struct stage_result *result)
{
    const struct score_setup *setup = run->setup;
    const double tokens = (double)run->n_tokens;

    stage_fact_int(result, "samples", (int64_t)setup->samples.n);
    stage_fact_int(result, "metrics", (int64_t)setup->plan.n);
    stage_fact_int(result, "scored", (int64_t)run->done.n_scored);
    stage_fact_int(result, "unscorable", (int64_t)run->done.n_unscorable);
    stage_fact_int(result, "cached", (int64_t)run->n_cached);
    if (run->cohort_names.len > 0) {
        stage_fact_text(result, "cohort", run->cohort_names.data);
        stage_fact_int(result, "ranked", (int64_t)run->n_ranked);
        if (setup->settings->top.is_given)
            stage_fact_int(result, "skipped", (int64_t)run->n_skipped);
    }
    stage_fact_int(result, "tokens", (int64_t)run->n_tokens);
    if (run->n_tokens > 0)
        stage_fact_real(result, "tok_per_s", secs > 0 ? tokens / secs : 0);
    stage_fact_real(result, "secs", secs);
}

/* Report why scores are missing, the most frequent reason first. */
static void report_missing(const struct score_run *run)
{
    struct score_tally left = run->done;
    char reasons[SCORE_REASONS_MAX * (SCORE_REASON_BYTES + 24)] = "";
    size_t len = 0;

    if (left.n_unscorable == 0)
        return;
    for (;;) {
        struct score_missing *most = &left.missing[0];

        for (size_t i = 1; i < SCORE_REASONS_MAX; i++)
            if (left.missing[i].n > most->n)
                most = &left.missing[i];
        if (most->n == 0)
            break;
        len += (size_t)snprintf(reasons + len, sizeof reasons - len, "%s%s %" PRIu64,
                                len > 0 ? ", " : "", most->reason, most->n);
        most->n = 0;
    }
    report_note(run->setup->context->report,
                "scores that cannot be computed: %s; 'curate explain status' lists the reasons",
                reasons);
}

/* ",tables:5": for how many samples the tables of segments are missing. */
static int list_missing_tables(const struct score_setup *setup, const struct score_node *node,
                               struct buf *out, struct error *err)
{
    struct id_list ids = { 0 };

    if (!score_has_tables(setup, node))
        return 0;
    if (score_list_missing_tables(setup, node, &setup->samples, &ids, err) < 0)
        return -1;
    const size_t n = ids.n;
    id_list_release(&ids);
    return buf_printf(out, err, ",tables:%zu", n);
}

/* "nll:12,cas:7": how many scores of each metric are missing. Ranks and pools are always
 * computed anew.
 */
static int list_missing(const struct score_setup *setup, struct buf *out, struct error *err)
{
    if (setup->measures_facts &&
        buf_printf(out, err, "facts:%" PRIu64, setup->n_lacking_facts) < 0)
        return -1;
    for (size_t i = 0; i < setup->plan.n; i++) {
        const struct score_node *node = &setup->plan.nodes[i];
        struct id_list ids = { 0 };

        if (node->scorer->rank || node->scorer->pool || node->scorer->imported)
            continue;
        if (score_list_missing(setup, node, &setup->samples, SCORE_PASS_ALL, &ids, err) < 0)
            return -1;
        const size_t n = ids.n;
        id_list_release(&ids);
        if ((out->len > 0 && buf_add_text(out, ",", err) < 0) ||
            score_node_name(node, out, err) < 0 || buf_printf(out, err, ":%zu", n) < 0 ||
            list_missing_tables(setup, node, out, err) < 0)
            return -1;
    }
    return 0;
}

static void report_cost(const struct run_cost *cost, struct stage_result *result)
{
    stage_fact_int(result, "tokens", (int64_t)cost->n_tokens);
    stage_fact_real(result, "est_secs", cost->secs);
    stage_fact_real(result, "est_low", cost->low_secs);
    stage_fact_real(result, "est_high", cost->high_secs);
    stage_fact_int(result, "est_mib", (int64_t)(cost->bytes >> 20));
}

/* --max-cost: estimate before the first row is scored. */
static int check_cost(const struct score_setup *setup, struct error *err)
{
    const double most_secs = setup->settings->args->max_cost;
    struct run_cost cost;

    if (most_secs <= 0 || setup->plan.n == 0)
        return 0;
    if (score_estimate(setup, &cost, err) < 0)
        return -1;
    if (cost.high_secs <= most_secs)
        return 0;
    return error_set(err, ERR_USAGE,
                     "--max-cost %.3gs: about %llu tokens take %.3g s here, perhaps %.3g s; "
                     "nothing was scored: choose fewer samples with --where, or raise "
                     "--max-cost",
                     most_secs, (unsigned long long)cost.n_tokens, cost.secs, cost.high_secs);
}

/* A dry run or an estimate: report what there is to do, and what it will cost. */
static int report_work(const struct score_setup *setup, struct stage_result *result,
                       struct error *err)
{
    struct run_cost cost = { 0 };
    struct buf missing;
    int rc = -1;

    buf_init(&missing, LACKING_MAX_BYTES);
    if (list_missing(setup, &missing, err) < 0)
        goto done;
    stage_fact_int(result, "samples", (int64_t)setup->samples.n);
    stage_fact_text(result, "lacking", missing.data);
    if (setup->plan.n == 0) {
        stage_fact_int(result, "tokens", 0); /* facts only */
        rc = 0;
    } else if (setup->settings->args->estimate) {
        rc = score_estimate(setup, &cost, err);
        if (rc == 0)
            report_cost(&cost, result);
    } else {
        rc = score_backlog_count_tokens(setup, &cost.n_tokens, err);
        if (rc == 0)
            stage_fact_int(result, "tokens", (int64_t)cost.n_tokens);
    }
done:
    buf_release(&missing);
    return rc;
}

/* Measure the facts that are named among the metrics. An estimate only counts what is missing.
 */
static int measure_facts_first(const struct score_config *made, struct score_setup *setup,
                               struct stage_result *result, struct error *err)
{
    struct stage_context context = *setup->context;
    struct measure_outcome done;

    if (!made->facts)
        return 0;
    setup->measures_facts = true;
    context.dry_run = !setup->writes;
    const int rc = measure_facts_run(made->facts, &context, made->facts_where, &done, err);
    setup->n_lacking_facts = done.n_pending;
    if (setup->writes)
        stage_fact_int(result, "measured", (int64_t)done.n_measured);
    context.report->done = context.report->total = 0;
    if (rc < 0 && err->code == ERR_USAGE && made->settings.where) {
        struct id_list unused = { 0 };

        /* The same mistake, with its place in the condition as the user wrote it. */
        (void)condition_select(context.store, made->settings.where, &unused, err);
        id_list_release(&unused);
    }
    return rc;
}

/* Compute everything. Report what was done even if it stops half-way. */
static int run_and_report(const struct score_setup *setup, int64_t started_ns,
                          struct stage_result *result, struct error *err)
{
    struct score_run run = { .setup = setup };

    if (check_cost(setup, err) < 0)
        return -1;
    buf_init(&run.cohort_names, LACKING_MAX_BYTES);
    const int rc = compute_nodes(&run, err);
    report_missing(&run);
    report_run(&run, (double)(clock_mono_ns() - started_ns) / 1e9, result);
    buf_release(&run.cohort_names);
    return rc;
}

static int score_stage_run(const struct stage_context *context, const void *arguments,
                           const void *config, struct stage_result *result, struct error *err)
{
    const int64_t started_ns = clock_mono_ns();
    const struct score_config *made = config;
    const struct score_settings *settings = &made->settings;
    struct score_setup setup = { .context = context,
                                 .settings = settings,
                                 .writes = !context->dry_run && !settings->args->estimate };
    int rc = -1;

    (void)arguments;
    if (measure_facts_first(made, &setup, result, err) < 0 ||
        score_plan_copy(&made->plan, &setup.plan, err) < 0 ||
        condition_select(context->store, settings->where, &setup.samples, err) < 0 ||
        (setup.plan.n > 0 &&
         score_models_open(context, settings, &setup.plan, &setup.models, err) < 0) ||
        score_sets_find(&setup, err) < 0)
        goto done;
    rc = setup.writes ? run_and_report(&setup, started_ns, result, err)
                      : report_work(&setup, result, err);
done:
    id_list_release(&setup.samples);
    score_models_close(&setup.models);
    score_plan_release(&setup.plan);
    return rc;
}

const struct stage stage_score = {
    .name = "score",
    .summary = "compute metrics for every sample that lacks them",
    .description = description,
    .options = score_options,
    .positional = &score_positional,
    .positional_required = true,
    .args_size = sizeof(struct score_args),
    .defaults = &score_args_defaults,
    .config_size = sizeof(struct score_config),
    .check = score_stage_check,
    .release = score_stage_release,
    .run = score_stage_run,
};
