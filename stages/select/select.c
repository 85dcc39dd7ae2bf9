/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select - rank samples by a metric or a fact and store the best under a name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/report.h"
#include "stages/cohort/cohort.h"
#include "stages/select/amounts.h"
#include "stages/select/bounds.h"
#include "stages/select/describe.h"
#include "stages/select/described.h"
#include "stages/select/exclusions.h"
#include "stages/select/making.h"
#include "stages/select/ordering.h"
#include "stages/select/policy_file.h"
#include "stages/select/rule.h"
#include "stages/select/target_file.h"
#include "stages/stage.h"
#include "store/cohort.h"
#include "store/content.h"
#include "store/exclusion.h"
#include "store/policy.h"
#include "store/score.h"
#include "store/selection.h"

struct select_args {
    const char *name;
    struct ordering_args ordering;
    struct option_share top;
    struct text_list where;
    struct text_list min; /* METRIC=X */
    struct text_list max;
    const char *from;
    struct text_list not_in;
    const char *policy;
    struct exclusion_args exclude;
    const char *diverse; /* METHOD[:PARAMETER] */
    const char *vectors;
    bool whiten;
    uint64_t max_memory; /* 0: half of what is free */
    struct amount_args amount;
    bool any_corpus;
    bool replace;
};

struct select_config {
    char *condition; /* NULL: all samples */
    struct diversity_spec diverse;
    struct amount_spec amount;
    bool has_top;
    struct buf rule;
    struct policy *policy; /* NULL: none */
    struct arena arena;    /* holds the policy */
    char top[OPTION_VALUE_BYTES];
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "name", offsetof(struct select_args, name), "NAME",
      .help = "name of the selection" },
    { OPTION_TEXT, 0, "by", offsetof(struct select_args, ordering.by), "METRIC|FACT|FORMULA",
      .help = "metric, fact or formula over both to rank by" },
    { OPTION_CHOICE, 0, "order", offsetof(struct select_args, ordering.order), "ORDER",
      .help = "which values of a fact come first", .choices = ordering_direction_names,
      .unset = "descending" },
    { OPTION_TEXT, 0, "model", offsetof(struct select_args, ordering.model), "NAME",
      .help = "which model's scores, where several have the metric" },
    { OPTION_TEXT, 0, "cohort", offsetof(struct select_args, ordering.cohort), "NAME[@VERSION]",
      .help = "rank by hmp, cas or gateau of this cohort",
      .unset = "the cohort requested last" },
    { OPTION_FLAG, 0, "random", offsetof(struct select_args, ordering.random), NULL,
      .help = "put the samples into a random order" },
    { OPTION_INT, 0, "seed", offsetof(struct select_args, ordering.seed), "N",
      .help = "number that decides what is random", .min = 0 },
    { OPTION_FLAG, 0, "all", offsetof(struct select_args, ordering.all), NULL,
      .help = "need no value to rank by: select all samples that meet the conditions" },
    { OPTION_SHARE, 0, "top", offsetof(struct select_args, top), "N|P%",
      .help = "samples to select: a number, or a percentage of those with a score" },
    { OPTION_TEXT, 0, "budget", offsetof(struct select_args, amount.budget.total), "N[K|M|G]",
      .help = "select until so many tokens, samples or bytes are used; K is a thousand" },
    { OPTION_CHOICE, 0, "unit", offsetof(struct select_args, amount.budget.unit), "UNIT",
      .help = "what --budget and --tiers count", .choices = budget_unit_names,
      .unset = "tokens" },
    { OPTION_CHOICE, 0, "budget-mode", offsetof(struct select_args, amount.budget.mode), "MODE",
      .help = "at a sample that does not fit: skip it, or stop", .choices = budget_mode_names },
    { OPTION_FLAG, 0, "per-token", offsetof(struct select_args, amount.budget.per_token), NULL,
      .help = "rank by value per token, which prefers short samples" },
    { OPTION_TEXT, 0, "tiers", offsetof(struct select_args, amount.budget.tiers),
      "N[K|M|G],...", .help = "budgets of tiers, each inside the next" },
    { OPTION_LIST, 0, "quota", offsetof(struct select_args, amount.quota.quotas),
      "NAME:GROUP=N,...",
      .help = "shares (60%), numbers (100) or bounds (10..20) of groups of samples" },
    { OPTION_TEXT, 0, "quota-by", offsetof(struct select_args, amount.quota.by), "SQL",
      .help = "expression whose values are the groups of --quota or --mix" },
    { OPTION_TEXT, 0, "buckets", offsetof(struct select_args, amount.quota.buckets),
      "N[K|M|G],...", .help = "of a quota over length: where its groups begin",
      .unset = "128,512,2048,8192,32768" },
    { OPTION_TEXT, 0, "mix", offsetof(struct select_args, amount.quota.mix), "FILE|PRESET",
      .help = "shares of sources: a CSV file, prolong-64k or prolong-512k" },
    { OPTION_FLAG, 0, "fill", offsetof(struct select_args, amount.quota.fill), NULL,
      .help = "select what there is if groups have too little for their quota" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct select_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_LIST, 0, "min", offsetof(struct select_args, min), "METRIC=X",
      .help = "only samples whose metric or fact is at least X" },
    { OPTION_LIST, 0, "max", offsetof(struct select_args, max), "METRIC=X",
      .help = "only samples whose metric or fact is at most X" },
    { OPTION_TEXT, 0, "from", offsetof(struct select_args, from), "SELECTION",
      .help = "only samples of another selection" },
    { OPTION_LIST, 0, "not-in", offsetof(struct select_args, not_in), "SELECTION",
      .help = "no samples of another selection" },
    { OPTION_LIST, 0, "target", offsetof(struct select_args, ordering.targets),
      "SELECTION|FILE", .help = "put samples into the order of how much they are like these" },
    { OPTION_CHOICE, 0, "target-method", offsetof(struct select_args, ordering.target_method),
      "METHOD", .help = "with --target: by vectors or by n-grams of words",
      .choices = target_method_names },
    { OPTION_TEXT, 0, "diverse", offsetof(struct select_args, diverse), "METHOD",
      .help = "choose samples that differ from each other" },
    { OPTION_TEXT, 0, "vectors", offsetof(struct select_args, vectors), "METRIC",
      .help = "of --diverse and --target: metric whose vectors are compared" },
    { OPTION_FLAG, 0, "whiten", offsetof(struct select_args, whiten), NULL,
      .help = "of --diverse and --target: first take out what all vectors share" },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct select_args, max_memory), "SIZE",
      .help = "of --diverse and --target: memory for the vectors",
      .unset = "half of what is free" },
    { OPTION_TEXT, 0, "policy", offsetof(struct select_args, policy), "FILE",
      .help = "only samples that meet the conditions of a policy" },
    { OPTION_FLAG, 0, "any-corpus", offsetof(struct select_args, any_corpus), NULL,
      .help = "apply a policy that was made for other samples" },
    { OPTION_LIST, 0, "dedup", offsetof(struct select_args, exclude.dedup), "SET[@RULE]",
      .help = "leave out duplicates of a set, by its leaders or one for each component" },
    { OPTION_FLAG, 0, "clean", offsetof(struct select_args, exclude.clean), NULL,
      .help = "leave out samples that are flagged for an evaluation" },
    { OPTION_LIST, 0, "evaluation", offsetof(struct select_args, exclude.evaluations), "NAME",
      .help = "with --clean: the evaluation to look at", .unset = "all" },
    { OPTION_FLAG, 0, "replace", offsetof(struct select_args, replace), NULL,
      .help = "let an empty selection replace one that holds samples" },
    { .type = OPTION_END },
};

static const struct select_args defaults = { .ordering = { .order = OPTION_NO_CHOICE },
                                             .amount = { .budget = { .unit =
                                                                         OPTION_NO_CHOICE } },
                                             .vectors = "embedding" };

/* Read the policy file, so that a mistake in it ends a recipe before its first step. */
static int read_policy(const struct select_args *args, struct select_config *config,
                       struct error *err)
{
    arena_init(&config->arena);
    if (!args->policy)
        return args->any_corpus ? error_set(err, ERR_USAGE,
                                            "--any-corpus is for a policy: use --policy FILE")
                                : 0;
    config->policy = arena_alloc(&config->arena, 1, sizeof *config->policy);
    if (!config->policy)
        return error_nomem(err);
    return policy_file_read(args->policy, &config->arena, config->policy, err);
}

static int select_check(const void *arguments, void *config, struct error *err)
{
    const struct select_args *args = arguments;
    struct select_config *made = config;

    if (!args->name || !*args->name)
        return error_set(err, ERR_USAGE, "no name for the selection: use --name NAME");
    if (ordering_check(&args->ordering, err) < 0 ||
        diversity_check(args->diverse, &made->diverse, err) < 0)
        return -1;
    if (args->ordering.seed > 0 && !args->ordering.random && !args->diverse &&
        args->ordering.targets.n == 0)
        return error_set(err, ERR_USAGE,
                         "--seed is for --random, --target and --diverse: leave it out");
    if (args->whiten && !args->diverse &&
        (args->ordering.targets.n == 0 || args->ordering.target_method != TARGET_RDS))
        return error_set(
            err, ERR_USAGE,
            "--whiten is for vectors: use it with --diverse or with --target-method "
            "rds");
    made->has_top =
        option_text(option_find(options, "top", 3), args, made->top, sizeof made->top);
    if (!made->has_top) {
        if (!args->ordering.all && !amounts_are_given(&args->amount))
            return error_set(err, ERR_USAGE, "--top is missing: use --top N or --top P%%");
        snprintf(made->top, sizeof made->top, "100%%");
    }
    if (exclusions_check(&args->exclude, err) < 0 || read_policy(args, made, err) < 0 ||
        amounts_check(&args->amount, made->has_top, args->diverse != NULL, &made->arena,
                      &made->amount, err) < 0)
        return -1;
    buf_init(&made->rule, RULE_MAX_BYTES);
    if (rule_write(options, args, &defaults, &made->rule, err) < 0)
        return -1;
    return bounds_join(&args->where, &args->min, &args->max, &made->condition, err);
}

static void select_release(void *config)
{
    struct select_config *made = config;

    free(made->condition);
    buf_release(&made->rule);
    arena_release(&made->arena);
}

static const char *outcome_name(const struct selection_result *made)
{
    if (made->unchanged)
        return "unchanged";
    return made->replaced ? "replaced" : "new";
}

/* Does the policy name the samples of the database? */
static int check_corpus(const struct stage_context *context, const struct policy *policy,
                        struct error *err)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct content_sum sum = { .n = 0 };
    struct content *content = NULL;

    if (!policy->corpus)
        return error_set(err, ERR_USAGE,
                         "policy %s: names no corpus: add the output of 'curate digest "
                         "--samples' as corpus, or use --any-corpus",
                         policy->name);
    if (content_new(context->report->stop_signal, &content, err) < 0)
        return -1;
    const int rc = content_of_samples(content, context->store, &sum, err);
    content_free(content);
    if (rc < 0)
        return -1;
    digest_hex(sum.bytes, DIGEST_BYTES, hex);
    if (strcmp(hex, policy->corpus) == 0)
        return 0;
    return error_set(err, ERR_USAGE,
                     "policy %s: was made for other samples: its corpus is %.12s, that of the "
                     "database %.12s: check its thresholds again, or use --any-corpus",
                     policy->name, policy->corpus, hex);
}

/* Make the conditions of the policy part of the selection. */
static int use_policy(const struct stage_context *context, const struct select_args *args,
                      const struct policy *policy, struct arena *arena,
                      struct selection_spec *spec, struct error *err)
{
    if (!policy)
        return 0;
    struct policy *prepared = arena_alloc(arena, 1, sizeof *prepared);
    if (!prepared)
        return error_nomem(err);
    *prepared = *policy;
    if (!args->any_corpus && check_corpus(context, policy, err) < 0)
        return -1;
    if (!policy->approved_by)
        report_note(context->report, "policy %s: nobody has approved it (approved_by)",
                    policy->name);
    spec->policy = prepared;
    if (policy_prepare(context->store, prepared, arena, err) < 0)
        return -1;
    return policy_join(prepared, spec->condition, arena, &spec->policy_sql, err);
}

/* Make the exclusions part of the selection. */
static int use_exclusions(const struct stage_context *context, const struct select_args *args,
                          struct arena *arena, struct selection_spec *spec, struct error *err)
{
    if (exclusions_find(&args->exclude, context->store, arena, &spec->exclusions, err) < 0)
        return -1;
    spec->exclude = exclusions_apply;
    return 0;
}

/* Print the funnel as a table of notes. */
static void note_funnel(const struct stage_context *context, const struct policy *policy)
{
    report_note(context->report, "policy %s, %llu samples", policy->name,
                (unsigned long long)policy->n_samples);
    report_note(context->report, "%9s %9s %9s %9s  condition", "removed", "alone", "missing",
                "left");
    for (size_t i = 0; i < policy->n; i++) {
        const struct policy_step *step = &policy->steps[i];

        report_note(context->report, "%9llu %9llu %9llu %9llu  %s",
                    (unsigned long long)step->n_removed, (unsigned long long)step->n_alone,
                    (unsigned long long)step->n_missing, (unsigned long long)step->n_left,
                    policy->conditions[i].label);
    }
}

static uint64_t count_left_out(const struct exclusion_list *list)
{
    uint64_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->items[i].n_removed;
    return n;
}

static void add_select_facts(const struct select_args *args, const struct selection_spec *spec,
                             const struct cohort_row *cohort,
                             const struct selection_result *made, struct stage_result *result)
{
    stage_fact_text(result, "name", args->name);
    stage_fact_text(result, "result", outcome_name(made));
    if (spec->formula)
        stage_fact_text(result, "formula", spec->formula->text);
    if (spec->fact) {
        stage_fact_text(result, "fact", spec->fact);
        stage_fact_text(result, "order", spec->higher_is_better ? "descending" : "ascending");
    }
    if (cohort)
        cohort_fact(result, cohort->name, cohort->version);
    stage_fact_int(result, "selected", (int64_t)made->n_selected);
    stage_fact_int(result, "candidates", (int64_t)made->n_candidates);
    stage_fact_int(result, "unscored", (int64_t)made->n_unscored);
    if (spec->budget) {
        stage_fact_text(result, "unit", budget_unit_names[spec->budget->unit]);
        stage_fact_int(result, "used", (int64_t)made->budget.used);
    }
    if (spec->policy) {
        stage_fact_text(result, "policy", spec->policy->name);
        stage_fact_int(result, "policy_left",
                       (int64_t)spec->policy->steps[spec->policy->n - 1].n_left);
    }
    if (spec->exclusions)
        stage_fact_int(result, "left_out", (int64_t)count_left_out(spec->exclusions));
}

/* Find the vectors that --vectors names. */
static int find_vector_set(const struct stage_context *context, const struct select_args *args,
                           struct selection_spec *spec, struct error *err)
{
    struct score_set_info found;

    if (score_set_find(context->store, args->vectors, args->ordering.model, &found, err) < 0)
        return error_prefix(err, "--vectors");
    spec->vectors = (struct vector_set){
        .score_set_id = found.score_set_id,
        .max_bytes = args->max_memory ? args->max_memory : memory_available("") / 2,
        .whiten = args->whiten,
    };
    return 0;
}

/* Tell selections and files among the targets from each other. */
static int use_target(const struct stage_context *context, const struct select_args *args,
                      struct arena *arena, struct selection_spec *spec, struct error *err)
{
    const struct text_list *names = &args->ordering.targets;
    struct target_spec *target = arena_alloc(arena, 1, sizeof *target);
    const char **all = arena_alloc(arena, 2 * names->n, sizeof *all);

    if (!target || !all)
        return error_nomem(err);
    *target = (struct target_spec){ .method = (enum target_method)args->ordering.target_method,
                                    .selections = all,
                                    .files = all + names->n };
    for (unsigned i = 0; i < names->n; i++) {
        bool is_file;

        if (target_is_file(context->store, names->items[i], &is_file, err) < 0)
            return error_prefix(err, "--target");
        if (is_file && target->method == TARGET_RDS)
            return error_set(err, ERR_USAGE,
                             "--target %s: a file has no vectors: ingest it, run 'curate score "
                             "embedding' and select its samples, or use --target-method dsir",
                             names->items[i]);
        if (is_file)
            target->files[target->n_files++] = names->items[i];
        else
            target->selections[target->n++] = names->items[i];
    }
    spec->target = target;
    return 0;
}

/* Find in the database what the arguments name. Returns 1 and the cohort of the scores, 0 if
 * they have none, or -1. */
static int find_named(const struct stage_context *context, const struct select_args *args,
                      const struct select_config *made_of, struct arena *arena,
                      struct cohort_row *cohort, struct selection_spec *spec, struct error *err)
{
    const int of_cohort = ordering_find(context, &args->ordering, arena, cohort, spec, err);

    if (of_cohort < 0 || use_policy(context, args, made_of->policy, arena, spec, err) < 0 ||
        use_exclusions(context, args, arena, spec, err) < 0)
        return -1;
    spec->diverse = args->diverse ? &made_of->diverse : NULL;
    if (args->ordering.targets.n > 0 && use_target(context, args, arena, spec, err) < 0)
        return -1;
    if ((spec->diverse || (spec->target && spec->target->method == TARGET_RDS)) &&
        find_vector_set(context, args, spec, err) < 0)
        return -1;
    return of_cohort;
}

static void note_selection(const struct stage_context *context, const struct select_args *args,
                           const struct selection_spec *spec,
                           const struct selection_result *made)
{
    if (spec->formula)
        by_formula_note(made->n_missing, made->n_not_finite, context->report);
    else if (made->n_unscored > 0 && args->ordering.by)
        report_note(context->report, "%llu samples have no %s %s and cannot be selected",
                    (unsigned long long)made->n_unscored, spec->fact ? "value of" : "score for",
                    args->ordering.by);
    else if (made->n_unscored > 0)
        report_note(context->report, "%llu samples have no %s and cannot be selected",
                    (unsigned long long)made->n_unscored,
                    spec->target->method == TARGET_RDS ? "vector" : "words");
    if (spec->policy)
        note_funnel(context, spec->policy);
    exclusions_note(spec->exclusions, context->report);
    amounts_note(spec, made, context->report);
    if (spec->diverse)
        diversity_note(args->diverse, args->vectors, &made->diversity, context->report);
    if (spec->target)
        target_note(spec->target, &made->target, context->report);
    describe_note(spec->described, args->name, spec->by, context->report);
}

static int select_run(const struct stage_context *context, const void *arguments,
                      const void *config, struct stage_result *result, struct error *err)
{
    const struct select_args *args = arguments;
    const struct select_config *made_of = config;
    struct selection_spec spec = {
        .context = context,
        .name = args->name,
        .condition = made_of->condition,
        .top = made_of->top,
        .top_n = args->top.n,
        .top_per_10000 = args->top.hundredths,
        .seed = (uint64_t)args->ordering.seed,
        .from = args->from,
        .not_in = args->not_in.items,
        .n_not_in = args->not_in.n,
        .budget = amounts_are_given(&args->amount) ? &made_of->amount.budget : NULL,
        .quota = made_of->amount.quota.n_levels > 0 ? &made_of->amount.quota : NULL,
        .has_top = made_of->has_top,
        .rule = buf_slice(&made_of->rule),
        .may_empty = args->replace
    };
    struct selection_result made;
    struct described described;
    struct cohort_row cohort;
    struct arena arena;

    arena_init(&arena);
    described_init(&described);
    spec.described = &described;
    spec.by = args->ordering.targets.n > 0 ? "target" : args->ordering.by;
    if (args->top.n == 0 && args->top.hundredths == 0) /* --all */
        spec.top_per_10000 = 10000;
    const int of_cohort = find_named(context, args, made_of, &arena, &cohort, &spec, err);
    spec.cohort = of_cohort == 1 ? &cohort : NULL;
    const int rc = of_cohort < 0 ? -1
                                 : selection_make(context->store, &spec, context->run_id,
                                                  context->dry_run, &made, err);
    if (rc == 0) {
        note_selection(context, args, &spec, &made);
        add_select_facts(args, &spec, of_cohort ? &cohort : NULL, &made, result);
    }
    if (spec.exclusions)
        id_list_release(&spec.exclusions->left);
    described_release(&described);
    by_formula_release(spec.formula);
    arena_release(&arena);
    return rc;
}

const struct stage stage_select = {
    .name = "select",
    .summary = "rank samples and store the best under a name",
    .description =
        "Ranks samples by their scores, best first; the metric says whether high or low is\n"
        "better. A fact has no better end, so --order says which values come first. Of equal\n"
        "values the smaller content hash comes first. Samples without a value are left out. A\n"
        "selection of the same name is replaced, by an empty one only with --replace. With a\n"
        "policy, v_funnel lists what each of its conditions removed; with --dedup or --clean,\n"
        "v_exclusions lists what each of them left out.",
    .options = options,
    .args_size = sizeof(struct select_args),
    .defaults = &defaults,
    .config_size = sizeof(struct select_config),
    .check = select_check,
    .release = select_release,
    .run = select_run,
};
