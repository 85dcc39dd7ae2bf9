/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score - compute metrics for every sample that lacks them.
 *
 * The metrics asked for and everything they are made of form a plan (plan.h). Each node of it
 * has a score set (sets.h). Each model runs once over all samples that lack something
 * (backlog.h). Scores derived from stored scores (compute.h) and cohorts (cohorts.h) follow
 * without a model. Every part commits as it goes, so the same command carries on where a killed
 * one stopped.
 */
#include <math.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "scoring/template_list.h" /* generated: TEMPLATE_LIST */
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

static const struct option options[] = {
    { OPTION_TEXT, 0, "model", offsetof(struct score_args, model), "FILE",
      "the model; of a pair the one with the long window (default: built in)" },
    { OPTION_TEXT, 0, "short-model", offsetof(struct score_args, short_model), "FILE",
      "the model of the pair with the short window" },
    { OPTION_INT, 0, "short-window", offsetof(struct score_args, short_window), "W",
      "the last W tokens of the prompt are all that the short model sees" },
    { OPTION_TEXT, 0, "short-rope", offsetof(struct score_args, short_rope), "HOW",
      "stretch the short model's positions: none, ntk or ntk:S (default none)" },
    { OPTION_TEXT, 0, "where", offsetof(struct score_args, where), "SQL",
      "only samples that meet a condition over v_sample" },
    { OPTION_TEXT, 0, "template", offsetof(struct score_args, template), "NAME",
      "how a dialogue is written (default: auto, as the model's file says)" },
    { OPTION_TEXT, 0, "turns", offsetof(struct score_args, turns), "last|all",
      "score the last response, or all of a dialogue and their mean (default last)" },
    { OPTION_TEXT, 0, "cohort", offsetof(struct score_args, cohort), "NAME",
      "what the cohort of hmp or gateau is called (default: like the metric)" },
    COHORT_OPTIONS(struct score_args, cohort_args),
    { OPTION_TEXT, 0, "top", offsetof(struct score_args, top), "N|P%",
      "of gateau only the first are wanted: skip segments that cannot change them" },
    { OPTION_FLAG, 0, "exact-all", offsetof(struct score_args, exact_all), NULL,
      "with --top: skip nothing" },
    { OPTION_INT, 0, "segment-tokens", offsetof(struct score_args, segment_tokens), "N",
      "tokens of a context segment (default 128)" },
    { OPTION_INT, 0, "max-segments", offsetof(struct score_args, max_segments), "N",
      "a context of more gets longer ones; 0 for any number (default 500)" },
    { OPTION_TEXT, 0, "last-segment", offsetof(struct score_args, last_segment),
      "half|keep|merge|drop",
      "a last piece that is shorter (default half: kept if not under half)" },
    { OPTION_INT, 0, "response-tokens", offsetof(struct score_args, response_tokens), "N",
      "for segments the first N of the response; 0 for all (default 500)" },
    { OPTION_INT, 0, "instruction-tokens", offsetof(struct score_args, instruction_tokens), "N",
      "for segments the first N of the instruction; 0 for all (default 500)" },
    { OPTION_TEXT, 0, "attn-row", offsetof(struct score_args, attn_row), "own|pred",
      "attention of the response's own rows, or of those that predict it" },
    { OPTION_TEXT, 0, "attention-by", offsetof(struct score_args, attention_by), "layer|head",
      "keep the attention to segments also of each layer, or layer and head" },
    { OPTION_TEXT, 0, "truncate", offsetof(struct score_args, truncate), "left|right",
      "which end of a context that is too long is lost (default left)" },
    { OPTION_TEXT, 0, "cas-truncate", offsetof(struct score_args, cas_truncate), "left|right",
      "the same in the passes for segments (default left)" },
    { OPTION_TEXT, 0, "importance", offsetof(struct score_args, importance), "ppl|nll|softmax",
      "what a segment is worth in cas: perplexity (default), nll, softmax" },
    { OPTION_FLAG, 0, "pearson", offsetof(struct score_args, centred), NULL,
      "cas is Pearson's correlation and not the cosine" },
    { OPTION_FLAG, 0, "drop-first-segment", offsetof(struct score_args, drop_first), NULL,
      "cas without the first segment, which collects attention for being first" },
    { OPTION_INT, 0, "max-tokens", offsetof(struct score_args, max_tokens), "N",
      "longer sequences lose context (default: the model's window)" },
    { OPTION_INT, 0, "batch-tokens", offsetof(struct score_args, batch_tokens), "N",
      "tokens to run together; changes speed and memory only (default 4096)" },
    { OPTION_INT, 0, "near-tokens", offsetof(struct score_args, near_tokens), "N",
      "what nll_near leaves of a context (default: an eighth of --max-tokens)" },
    { OPTION_TEXT, 0, "question", offsetof(struct score_args, question), "TEXT",
      "what yes_probability and rating ask about each sample" },
    { OPTION_INT, 0, "neighbour", offsetof(struct score_args, neighbour), "N",
      "knn is the distance to the Nth nearest sample (default 6)" },
    { OPTION_TEXT, 0, "compat", offsetof(struct score_args, compat), "NAME",
      "compute as published code: gateau-code, superfiltering or cherry" },
    { OPTION_FLAG, 0, "estimate", offsetof(struct score_args, estimate), NULL,
      "try some of the samples, print what all would take, and score none" },
    { OPTION_TEXT, 0, "max-cost", offsetof(struct score_args, max_cost), "TIME",
      "do not begin what may take longer: 90s, 30m, 2h" },
    { OPTION_TEXT, 0, "max-memory", offsetof(struct score_args, max_memory), "SIZE",
      "hold no more than this beside the weights in the file, as 512M or 2G" },
    { OPTION_FLAG, 0, "mmap-only", offsetof(struct score_args, mmap_only), NULL,
      "use the weights from the file, without packing them in memory first" },
    { .type = OPTION_END },
};

static const struct option positional = {
    .type = OPTION_LIST,
    .name = "metrics",
    .offset = offsetof(struct score_args, metrics),
    .value_name = "METRIC",
    .help = "what to compute; 'curate explain' lists the metrics",
};

/* The list that the registry is made of: " plain chatml ...". */
#define X(name) " " #name
static const char description[] =
    "Computes the metrics named and all they are made of. A score that is stored for the\n"
    "same sample, model and parameters is never computed again, so the command can be\n"
    "stopped at any time and started again.\n\n"
    "hmp and gateau compare a pair of models of one lineage, the one with the long window\n"
    "(--model) and the one with the short window (--short-model), over the samples of\n"
    "--where, which become a version of a cohort: 'curate help cohort make'. What each\n"
    "metric means: 'curate explain METRIC'.\n\n"
    "--template is auto, or one of" TEMPLATE_LIST ".";
#undef X

enum { LACKING_MAX_BYTES = 1 << 16 };

/* Parse and check the options; *plan must be zeroed, release it also after a failure. */
static int parse_options(const struct score_args *args, struct score_settings *settings,
                         struct score_plan *plan, struct error *err)
{
    if (score_settings_parse(args, settings, err) < 0 ||
        score_plan_make(&args->metrics, plan, err) < 0)
        return -1;
    return score_settings_check(args, settings, plan, err);
}

static int score_stage_check(const void *arguments, struct error *err)
{
    struct score_settings settings;
    struct score_plan plan = { 0 };
    const int rc = parse_options(arguments, &settings, &plan, err);

    score_plan_release(&plan);
    return rc;
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

    if (run_set_kernels(context->store, context->run_id, setup->kernels.name, err) < 0 ||
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
        if (setup->settings->top.text)
            stage_fact_int(result, "skipped", (int64_t)run->n_skipped);
    }
    stage_fact_int(result, "tokens", (int64_t)run->n_tokens);
    if (run->n_tokens > 0)
        stage_fact_real(result, "tok_per_s", secs > 0 ? tokens / secs : 0);
    stage_fact_real(result, "secs", secs);
}

/* ",tables:5": how many samples lack the tables of their segments. */
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

/* "nll:12,cas:7": how many samples lack each metric. Ranks and pools are always computed anew.
 */
static int list_missing(const struct score_setup *setup, struct buf *out, struct error *err)
{
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
    const double half = sqrt(cost->time.half_squared);
    const double low = cost->time.secs - half;

    stage_fact_int(result, "tokens", (int64_t)cost->n_tokens);
    stage_fact_real(result, "est_secs", cost->time.secs);
    stage_fact_real(result, "est_low", low > 0 ? low : 0);
    stage_fact_real(result, "est_high", cost->time.secs + half);
    stage_fact_int(result, "est_mib", (int64_t)(cost->bytes >> 20));
}

/* --max-cost: estimate before the first row is scored. */
static int check_cost(const struct score_setup *setup, struct error *err)
{
    const double most_secs = setup->settings->max_secs;
    struct run_cost cost;

    if (most_secs <= 0)
        return 0;
    if (score_estimate(setup, &cost, err) < 0)
        return -1;
    const double high = cost.time.secs + sqrt(cost.time.half_squared);
    if (high <= most_secs)
        return 0;
    return error_set(err, ERR_USAGE,
                     "about %llu tokens will take %.3g s here, perhaps %.3g, and --max-cost is "
                     "%.3g s; nothing was scored: choose fewer samples with --where, or allow "
                     "more",
                     (unsigned long long)cost.n_tokens, cost.time.secs, high, most_secs);
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
    if (setup->settings->estimate) {
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

/* Compute everything, and report it also when that stops half-way. */
static int run_and_report(const struct score_setup *setup, int64_t started_ns,
                          struct stage_result *result, struct error *err)
{
    struct score_run run = { .setup = setup };

    if (check_cost(setup, err) < 0)
        return -1;
    buf_init(&run.cohort_names, LACKING_MAX_BYTES);
    const int rc = compute_nodes(&run, err);
    report_run(&run, (double)(clock_mono_ns() - started_ns) / 1e9, result);
    buf_release(&run.cohort_names);
    return rc;
}

static int score_stage_run(const struct stage_context *context, const void *arguments,
                           struct stage_result *result, struct error *err)
{
    const int64_t started_ns = clock_mono_ns();
    struct score_settings settings;
    struct score_setup setup = { .context = context, .settings = &settings };
    int rc = -1;

    if (parse_options(arguments, &settings, &setup.plan, err) < 0)
        goto done;
    setup.writes = !context->dry_run && !settings.estimate;
    kernels_init(&setup.kernels, context->cpu_flags);
    if (condition_select(context->store, settings.where, &setup.samples, err) < 0 ||
        score_models_open(context, &settings, &setup.plan, &setup.models, err) < 0 ||
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
    .options = options,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct score_args),
    .defaults = &score_args_defaults,
    .check = score_stage_check,
    .run = score_stage_run,
};
