/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score - compute metrics for every sample that lacks them.
 *
 * The metrics asked for and all they are made of form a plan (score_plan.c). Per model, one
 * pass computes all that is missing; what is derived from stored scores follows without a
 * model, and so do the cohorts. Every part commits as it goes, so that the same command carries
 * on where a killed one stopped.
 */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "scoring/prompts/prompt_cache.h"
#include "scoring/template_list.h" /* generated: TEMPLATE_LIST */
#include "stages/score/score_private.h"
#include "stages/stage.h"
#include "store/run.h"

static const struct score_args defaults = {
    .template = "auto",
    .turns = "last",
    .cohort_args = { .alpha = "0.8",
                     .normaliser = "softmax",
                     .ppl = "ppl",
                     .cas_sign = "+1",
                     .nulls = "exclude" },
    .segment_tokens = 128,
    .max_segments = SCORE_LIMIT,
    .last_segment = "half",
    .response_tokens = SCORE_LIMIT,
    .instruction_tokens = SCORE_LIMIT,
    .attn_row = "own",
    .truncate = "left",
    .cas_truncate = "left",
    .importance = "ppl",
    .batch_tokens = 4096,
};

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

enum { NEIGHBOUR = 6, LACKING_MAX_BYTES = 1 << 16 };

static int check_count(const char *option, int64_t value, int64_t min, struct error *err)
{
    if (value >= min && value <= SCORE_TOKENS_MAX)
        return 0;
    return error_set(err, ERR_USAGE, "--%s is %lld; it must be from %lld to %d", option,
                     (long long)value, (long long)min, SCORE_TOKENS_MAX);
}

static int check_args(const struct score_args *args, struct error *err)
{
    struct observer_options observing;
    struct cas_options reading;
    enum score_tables tables;

    if (score_take_segments(args, &observing, &reading, err) < 0 ||
        score_take_tables(args->attention_by, &tables, err) < 0 ||
        check_count("max-tokens", args->max_tokens, 0, err) < 0 ||
        check_count("batch-tokens", args->batch_tokens, 1, err) < 0 ||
        check_count("near-tokens", args->near_tokens, 0, err) < 0)
        return -1;
    double secs;
    uint64_t bytes;
    if (score_memory_parse(args, &bytes, err) < 0)
        return -1;
    if (args->max_cost && score_cost_parse(args->max_cost, &secs, err) < 0)
        return -1;
    if (strcmp(args->turns, "last") != 0 && strcmp(args->turns, "all") != 0)
        return error_set(err, ERR_USAGE, "--turns is last or all, not '%s'", args->turns);
    return prompt_template_check(args->template, err);
}

static int check(const void *arguments, struct error *err)
{
    const struct score_args *args = arguments;
    struct score_plan plan = { 0 };
    struct short_view view;

    if (check_args(args, err) < 0 || score_short_view(args, &view, err) < 0)
        return -1;
    int rc = score_plan_make(&args->metrics, &plan, err);
    if (rc == 0)
        rc = score_options_check(args, &plan, err);
    if (rc == 0)
        rc = score_cohort_check(args, &plan, err);
    if (rc == 0)
        rc = score_top_check(args, &plan, err);
    score_plan_release(&plan);
    return rc;
}

/* All models' backlogs, together a progress bar. */
static int run_models(struct scoring *scoring, struct error *err)
{
    struct report *report = scoring->context->report;
    struct score_backlog *backlogs[SCORE_MODELS] = { NULL };
    struct score_guess guess = { 0 };
    int rc = -1;

    report->unit = "tokens";
    if (scoring->plan.roles[SCORER_MODEL] && scoring->plan.roles[SCORER_SHORT_MODEL] &&
        prompt_cache_new(score_memory_prompts(scoring), &scoring->prompts, err) < 0)
        return -1;
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (scoring->plan.roles[i] &&
            (score_backlog_new(scoring, (enum scorer_model)i, &backlogs[i], err) < 0 ||
             score_backlog_guess(backlogs[i], &guess, NULL, err) < 0 ||
             score_backlog_check_memory(backlogs[i], err) < 0))
            goto done;
    report->total += guess.n_tokens;
    for (size_t i = 0; i < SCORE_MODELS; i++)
        if (backlogs[i] && score_backlog_run(backlogs[i], err) < 0)
            goto done;
    rc = 0;
done:
    for (size_t i = 0; i < SCORE_MODELS; i++)
        score_backlog_free(backlogs[i]);
    prompt_cache_free(scoring->prompts);
    scoring->prompts = NULL;
    return rc;
}

static int run_nodes(struct scoring *scoring, struct error *err)
{
    const struct stage_context *context = scoring->context;

    score_top_begin(scoring);
    if (run_set_kernels(context->store, context->run_id, scoring->kernels.name, err) < 0 ||
        run_models(scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < scoring->plan.n; i++) {
        const struct score_node *node = &scoring->plan.nodes[i];

        if (node->scorer->measure && score_measure(scoring, node, err) < 0)
            return -1;
        if (node->scorer->pool && score_pool(scoring, node, err) < 0)
            return -1;
        if ((node->scorer->derive ||
             (node->reads_segments && !score_asks_model(scoring, node))) &&
            score_derive(scoring, node, err) < 0)
            return -1;
        if (node->scorer->rank && node->asked && score_cohort(scoring, node, err) < 0)
            return -1;
    }
    return 0;
}

static void report_facts(const struct scoring *scoring, double secs,
                         struct stage_result *result)
{
    const double tokens = (double)scoring->n_tokens;

    stage_fact_int(result, "samples", (int64_t)scoring->samples.n);
    stage_fact_int(result, "metrics", (int64_t)scoring->plan.n);
    stage_fact_int(result, "scored", (int64_t)scoring->done.n_scored);
    stage_fact_int(result, "unscorable", (int64_t)scoring->done.n_unscorable);
    stage_fact_int(result, "cached", (int64_t)scoring->n_cached);
    if (scoring->cohorts.len > 0) {
        stage_fact_text(result, "cohort", scoring->cohorts.data);
        stage_fact_int(result, "ranked", (int64_t)scoring->n_ranked);
        if (scoring->args->top)
            stage_fact_int(result, "skipped", (int64_t)scoring->n_skipped);
    }
    stage_fact_int(result, "tokens", (int64_t)scoring->n_tokens);
    if (scoring->n_tokens > 0)
        stage_fact_real(result, "tok_per_s", secs > 0 ? tokens / secs : 0);
    stage_fact_real(result, "secs", secs);
}

static int guess_tokens(struct scoring *scoring, struct score_guess *out, struct error *err)
{
    for (size_t i = 0; i < SCORE_MODELS; i++) {
        struct score_backlog *backlog = NULL;

        if (!scoring->plan.roles[i])
            continue;
        if (score_backlog_new(scoring, (enum scorer_model)i, &backlog, err) < 0)
            return -1;
        const int rc = score_backlog_guess(backlog, out, NULL, err);
        score_backlog_free(backlog);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* ",tables:5": how many of the samples lack those of the segments. */
static int list_tables(const struct scoring *scoring, const struct score_node *node,
                       struct buf *out, struct error *err)
{
    struct id_list ids = { 0 };

    if (!score_has_tables(scoring, node))
        return 0;
    if (score_tables_lacking(scoring, node, &ids, err) < 0)
        return -1;
    const size_t n = ids.n;
    id_list_release(&ids);
    return buf_printf(out, err, ",tables:%zu", n);
}

/* "nll:12,cas:7": how many samples lack each metric. */
static int list_lacking(const struct scoring *scoring, struct buf *out, struct error *err)
{
    for (size_t i = 0; i < scoring->plan.n; i++) {
        const struct score_node *node = &scoring->plan.nodes[i];
        struct id_list ids = { 0 };

        /* Made anew of what there is, or given. */
        if (node->scorer->rank || node->scorer->pool || node->scorer->imported)
            continue;
        if (score_list_lacking(scoring, node, &ids, err) < 0)
            return -1;
        const size_t n = ids.n;
        id_list_release(&ids);
        if ((out->len > 0 && buf_add_text(out, ",", err) < 0) ||
            score_node_name(node, out, err) < 0 || buf_printf(out, err, ":%zu", n) < 0 ||
            list_tables(scoring, node, out, err) < 0)
            return -1;
    }
    return 0;
}

/* --max-cost: look before the first row is scored. */
static int check_cost(struct scoring *scoring, struct error *err)
{
    struct score_cost cost;
    double most_secs;

    if (!scoring->args->max_cost)
        return 0;
    if (score_cost_parse(scoring->args->max_cost, &most_secs, err) < 0 ||
        score_estimate(scoring, &cost, err) < 0)
        return -1;
    scoring->n_cached = 0; /* counted again by the run itself */
    return score_cost_check(&cost, most_secs, err);
}

/* Of what there is to do: how many tokens or, if that is asked, all it would take. */
static int report_cost(struct scoring *scoring, struct stage_result *result, struct error *err)
{
    struct score_cost cost;
    struct score_guess guess = { 0 };

    if (!scoring->args->estimate) {
        if (guess_tokens(scoring, &guess, err) < 0)
            return -1;
        stage_fact_int(result, "tokens", (int64_t)guess.n_tokens);
        return 0;
    }
    if (score_estimate(scoring, &cost, err) < 0)
        return -1;
    score_cost_report(&cost, result);
    return 0;
}

/* A dry run or an estimate: what there is to do, and about what it would cost. */
static int look(struct scoring *scoring, struct stage_result *result, struct error *err)
{
    struct buf lacking;
    int rc = -1;

    buf_init(&lacking, LACKING_MAX_BYTES);
    if (list_lacking(scoring, &lacking, err) < 0)
        goto done;
    stage_fact_int(result, "samples", (int64_t)scoring->samples.n);
    stage_fact_text(result, "lacking", lacking.data);
    rc = report_cost(scoring, result, err);
done:
    buf_release(&lacking);
    return rc;
}

static int run(const struct stage_context *context, const void *arguments,
               struct stage_result *result, struct error *err)
{
    const struct score_args *args = arguments;
    struct scoring scoring = { .context = context, .args = args };
    const int64_t started_ns = clock_mono_ns();
    int rc = -1;

    buf_init(&scoring.cohorts, LACKING_MAX_BYTES);
    if (check_args(args, err) < 0 || score_plan_make(&args->metrics, &scoring.plan, err) < 0 ||
        score_options_check(args, &scoring.plan, err) < 0 ||
        score_cohort_check(args, &scoring.plan, err) < 0 ||
        score_top_check(args, &scoring.plan, err) < 0)
        goto done;
    scoring.looks = context->dry_run || args->estimate;
    scoring.all_turns = strcmp(args->turns, "all") == 0;
    scoring.observing.template = &scoring.template.form;
    if (args->compat)
        (void)compat_find(args->compat, &scoring.observing.compat); /* checked above */
    if (score_take_segments(args, &scoring.observing, &scoring.reading, err) < 0 ||
        score_take_tables(args->attention_by, &scoring.tables, err) < 0)
        goto done;
    scoring.observing.batch_tokens = (size_t)args->batch_tokens;
    scoring.observing.question = args->question;
    scoring.neighbour = args->neighbour > 0 ? (size_t)args->neighbour : NEIGHBOUR;
    (void)score_memory_parse(args, &scoring.memory_limit, err); /* checked above */
    kernels_init(&scoring.kernels, context->cpu_flags);
    if (score_short_view(args, &scoring.short_view, err) < 0)
        goto done;
    if (condition_select(context->store, args->where, &scoring.samples, err) < 0 ||
        score_models_open(&scoring, err) < 0 || score_sets_find(&scoring, err) < 0)
        goto done;
    if (scoring.looks) {
        rc = look(&scoring, result, err);
        goto done;
    }
    if (check_cost(&scoring, err) < 0)
        goto done;
    rc = run_nodes(&scoring, err);
    report_facts(&scoring, (double)(clock_mono_ns() - started_ns) / 1e9, result);
done:
    buf_release(&scoring.cohorts);
    id_list_release(&scoring.samples);
    score_models_close(&scoring);
    score_plan_release(&scoring.plan);
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
    .defaults = &defaults,
    .check = check,
    .run = run,
};
