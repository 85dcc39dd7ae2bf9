/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select - rank samples by a metric and store the best under a name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/cohort/cohort.h"
#include "stages/select/policy_file.h"
#include "stages/stage.h"
#include "store/content.h"
#include "store/policy.h"
#include "store/score.h"
#include "store/selection.h"

struct select_args {
    const char *name;
    const char *by;
    const char *model;
    const char *cohort;
    struct option_share top;
    struct text_list where;
    const char *policy;
    bool any_corpus;
    bool replace;
};

struct select_config {
    char *condition;       /* NULL: all samples */
    struct policy *policy; /* NULL: none */
    struct arena arena;    /* holds the policy */
    char top[OPTION_VALUE_BYTES];
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "name", offsetof(struct select_args, name), "NAME",
      .help = "name of the selection" },
    { OPTION_TEXT, 0, "by", offsetof(struct select_args, by), "METRIC",
      .help = "what to rank by" },
    { OPTION_TEXT, 0, "model", offsetof(struct select_args, model), "NAME",
      .help = "which model's scores, where several have the metric" },
    { OPTION_TEXT, 0, "cohort", offsetof(struct select_args, cohort), "NAME[@VERSION]",
      .help = "rank by hmp, cas or gateau of this cohort",
      .unset = "the cohort requested last" },
    { OPTION_SHARE, 0, "top", offsetof(struct select_args, top), "N|P%",
      .help = "samples to select: a number, or a percentage of those with a score" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct select_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_TEXT, 0, "policy", offsetof(struct select_args, policy), "FILE",
      .help = "only samples that meet the conditions of a policy" },
    { OPTION_FLAG, 0, "any-corpus", offsetof(struct select_args, any_corpus), NULL,
      .help = "apply a policy that was made for other samples" },
    { OPTION_FLAG, 0, "replace", offsetof(struct select_args, replace), NULL,
      .help = "let an empty selection replace one that holds samples" },
    { .type = OPTION_END },
};

static const struct select_args defaults = { 0 };

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
    if (!args->by)
        return error_set(err, ERR_USAGE, "no metric to rank by: use --by METRIC");
    if (args->cohort && args->model)
        return error_set(err, ERR_USAGE,
                         "--cohort %s names the models already: leave out --model",
                         args->cohort);
    if (!option_text(option_find(options, "top", 3), args, made->top, sizeof made->top))
        return error_set(err, ERR_USAGE, "--top is missing: use --top N or --top P%%");
    if (read_policy(args, made, err) < 0)
        return -1;
    return condition_join(&args->where, &made->condition, err);
}

static void select_release(void *config)
{
    struct select_config *made = config;

    free(made->condition);
    arena_release(&made->arena);
}

static const char *outcome_name(const struct selection_result *made)
{
    if (made->unchanged)
        return "unchanged";
    return made->replaced ? "replaced" : "new";
}

/* Rank by hmp, cas or gateau of a cohort. */
static int use_cohort(const struct cohort_row *cohort, const char *by,
                      struct selection_spec *spec, struct error *err)
{
    const struct {
        const char *metric;
        int64_t set_id;
    } sets[] = { { "hmp", cohort->hmp_set_id },
                 { "cas", cohort->cas_set_id },
                 { "gateau", cohort->gateau_set_id } };

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (strcmp(sets[i].metric, by) != 0)
            continue;
        if (sets[i].set_id == 0)
            return error_set(err, ERR_NOT_FOUND, "cohort %s@%lld: has hmp only, no %s",
                             cohort->name, (long long)cohort->version, by);
        spec->score_set_id = sets[i].set_id;
        spec->higher_is_better = true;
        spec->cohort_id = cohort->cohort_id;
        spec->cohort_column = sets[i].metric;
        return 0;
    }
    return error_set(err, ERR_USAGE, "--by %s: a cohort has hmp, cas and gateau only", by);
}

/* Find the scores of the metric. Returns 1 and the row of their cohort, 0 when they have none,
 * -1. */
static int find_scores(const struct stage_context *context, const struct select_args *args,
                       struct arena *arena, struct cohort_row *cohort,
                       struct selection_spec *spec, struct error *err)
{
    struct score_set_info set;

    if (args->cohort) {
        if (cohort_load(context->store, args->cohort, arena, cohort, err) < 0 ||
            use_cohort(cohort, args->by, spec, err) < 0)
            return -1;
        return 1;
    }
    if (score_set_find(context->store, args->by, args->model, &set, err) < 0)
        return -1;
    if (set.n_others > 0)
        report_note(context->report,
                    "%s was scored with other parameters, too (%zu more %s); using the scores "
                    "requested last",
                    args->by, set.n_others, set.n_others == 1 ? "set" : "sets");
    spec->score_set_id = set.score_set_id;
    spec->higher_is_better = set.higher_is_better;
    const int of_cohort = cohort_of_set(context->store, set.score_set_id, arena, cohort, err);
    if (of_cohort == 1 && use_cohort(cohort, args->by, spec, err) < 0)
        return -1;
    return of_cohort;
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

static void add_select_facts(const struct select_args *args, const struct cohort_row *cohort,
                             const struct selection_result *made, struct stage_result *result)
{
    stage_fact_text(result, "name", args->name);
    stage_fact_text(result, "result", outcome_name(made));
    if (cohort)
        cohort_fact(result, cohort->name, cohort->version);
    stage_fact_int(result, "selected", (int64_t)made->n_selected);
    stage_fact_int(result, "candidates", (int64_t)made->n_candidates);
    stage_fact_int(result, "unscored", (int64_t)made->n_unscored);
}

static int select_run(const struct stage_context *context, const void *arguments,
                      const void *config, struct stage_result *result, struct error *err)
{
    const struct select_args *args = arguments;
    const struct select_config *made_of = config;
    struct selection_spec spec = { .name = args->name,
                                   .condition = made_of->condition,
                                   .top = made_of->top,
                                   .top_n = args->top.n,
                                   .top_per_10000 = args->top.hundredths,
                                   .may_empty = args->replace };
    struct selection_result made;
    struct cohort_row cohort;
    struct arena arena;
    int rc = -1;

    arena_init(&arena);
    const int of_cohort = find_scores(context, args, &arena, &cohort, &spec, err);
    if (of_cohort < 0 || use_policy(context, args, made_of->policy, &arena, &spec, err) < 0 ||
        selection_make(context->store, &spec, context->run_id, context->dry_run, &made, err) <
            0)
        goto done;
    if (made.n_unscored > 0)
        report_note(context->report, "%llu samples have no score for %s and cannot be selected",
                    (unsigned long long)made.n_unscored, args->by);
    if (spec.policy)
        note_funnel(context, spec.policy);
    add_select_facts(args, of_cohort ? &cohort : NULL, &made, result);
    if (spec.policy) {
        stage_fact_text(result, "policy", spec.policy->name);
        stage_fact_int(result, "policy_left",
                       (int64_t)spec.policy->steps[spec.policy->n - 1].n_left);
    }
    rc = 0;
done:
    arena_release(&arena);
    return rc;
}

const struct stage stage_select = {
    .name = "select",
    .summary = "rank samples by a metric and store the best under a name",
    .description =
        "Ranks samples by their scores, best first; the metric says whether high or low is\n"
        "better. Of equal scores the older sample comes first. Samples without a score are\n"
        "left out. A selection of the same name is replaced, by an empty one only with\n"
        "--replace. With a policy, v_funnel lists what each of its conditions removed.",
    .options = options,
    .args_size = sizeof(struct select_args),
    .defaults = &defaults,
    .config_size = sizeof(struct select_config),
    .check = select_check,
    .release = select_release,
    .run = select_run,
};
