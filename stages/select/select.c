/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select - rank samples by a metric or a fact and store the best under a name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/report.h"
#include "scoring/facts/measurer.h"
#include "stages/cohort/cohort.h"
#include "stages/select/exclusions.h"
#include "stages/select/policy_file.h"
#include "stages/stage.h"
#include "store/content.h"
#include "store/exclusion.h"
#include "store/policy.h"
#include "store/profile.h"
#include "store/score.h"
#include "store/selection.h"

struct select_args {
    const char *name;
    const char *by;
    int order; /* enum select_order, or OPTION_NO_CHOICE */
    const char *model;
    const char *cohort;
    struct option_share top;
    struct text_list where;
    const char *policy;
    struct exclusion_args exclude;
    bool any_corpus;
    bool replace;
};

enum select_order { ORDER_ASCENDING, ORDER_DESCENDING };
static const char *const order_names[] = {
    [ORDER_ASCENDING] = "ascending", [ORDER_DESCENDING] = "descending", NULL
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
    { OPTION_TEXT, 0, "by", offsetof(struct select_args, by), "METRIC|FACT",
      .help = "metric or fact to rank by" },
    { OPTION_CHOICE, 0, "order", offsetof(struct select_args, order), "ORDER",
      .help = "which values of a fact come first", .choices = order_names,
      .unset = "descending" },
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

static const struct select_args defaults = { .order = OPTION_NO_CHOICE };

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
        return error_set(err, ERR_USAGE, "nothing to rank by: use --by METRIC or --by FACT");
    if (args->cohort && args->model)
        return error_set(err, ERR_USAGE,
                         "--cohort %s names the models already: leave out --model",
                         args->cohort);
    if (args->order != OPTION_NO_CHOICE && (args->cohort || args->model))
        return error_set(err, ERR_USAGE,
                         "--order is for facts, --%s for metrics: leave out one of them",
                         args->cohort ? "cohort" : "model");
    if (!option_text(option_find(options, "top", 3), args, made->top, sizeof made->top))
        return error_set(err, ERR_USAGE, "--top is missing: use --top N or --top P%%");
    if (exclusions_check(&args->exclude, err) < 0 || read_policy(args, made, err) < 0)
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

/* Does a metric of this name have scores? Returns 1, 0 or -1. */
static int has_scores(struct store *store, const char *metric, struct error *err)
{
    struct score_set_info set;

    if (score_set_find(store, metric, NULL, &set, err) == 0 || err->code == ERR_USAGE)
        return 1; /* of one model, or of several */
    return err->code == ERR_NOT_FOUND ? 0 : -1;
}

/* --by names no fact that was measured. */
static int check_metric(const struct select_args *args, bool is_scored, struct error *err)
{
    if (!is_scored && measurer_of_fact(args->by))
        return error_set(err, ERR_NOT_FOUND,
                         "--by %s: this fact was not measured: run 'curate measure %s' first",
                         args->by, args->by);
    if (is_scored && args->order != OPTION_NO_CHOICE)
        return error_set(err, ERR_USAGE,
                         "--order is for facts, and %s is a metric, which has a better end: "
                         "leave out --order",
                         args->by);
    return 0;
}

/* Rank by the fact that --by names. Returns 1; 0 if it names a metric; -1. */
static int use_fact(const struct stage_context *context, const struct select_args *args,
                    struct selection_spec *spec, struct error *err)
{
    bool is_text = false;

    if (args->cohort || args->model)
        return 0;
    const int found = profile_find_column(context->store, args->by, &is_text, err);
    if (found == 0 && args->order == OPTION_NO_CHOICE && !measurer_of_fact(args->by))
        return 0; /* has_scores() would read all scores of a metric once more */
    const int is_scored = found < 0 ? -1 : has_scores(context->store, args->by, err);
    if (is_scored < 0)
        return -1;
    if (found == 0 || (is_text && is_scored))
        return check_metric(args, is_scored, err);
    if (is_text)
        return error_set(err, ERR_USAGE, "--by %s: is text: use --where to select by it",
                         args->by);
    if (is_scored && args->order == OPTION_NO_CHOICE)
        return error_set(err, ERR_USAGE,
                         "--by %s: is a fact and a metric: use --order for the fact, or "
                         "--model for the metric",
                         args->by);
    spec->fact = args->by;
    spec->higher_is_better = args->order != ORDER_ASCENDING;
    return 1;
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

static void add_select_facts(const struct select_args *args, const struct selection_spec *spec,
                             const struct cohort_row *cohort,
                             const struct selection_result *made, struct stage_result *result)
{
    stage_fact_text(result, "name", args->name);
    stage_fact_text(result, "result", outcome_name(made));
    if (spec->fact) {
        stage_fact_text(result, "fact", spec->fact);
        stage_fact_text(
            result, "order",
            order_names[spec->higher_is_better ? ORDER_DESCENDING : ORDER_ASCENDING]);
    }
    if (cohort)
        cohort_fact(result, cohort->name, cohort->version);
    stage_fact_int(result, "selected", (int64_t)made->n_selected);
    stage_fact_int(result, "candidates", (int64_t)made->n_candidates);
    stage_fact_int(result, "unscored", (int64_t)made->n_unscored);
}

static uint64_t count_left_out(const struct exclusion_list *list)
{
    uint64_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->items[i].n_removed;
    return n;
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
    const int by_fact = use_fact(context, args, &spec, err);
    const int of_cohort =
        by_fact == 0 ? find_scores(context, args, &arena, &cohort, &spec, err) : -(by_fact < 0);
    if (of_cohort < 0 || use_policy(context, args, made_of->policy, &arena, &spec, err) < 0 ||
        use_exclusions(context, args, &arena, &spec, err) < 0 ||
        selection_make(context->store, &spec, context->run_id, context->dry_run, &made, err) <
            0)
        goto done;
    if (made.n_unscored > 0)
        report_note(context->report, "%llu samples have no %s %s and cannot be selected",
                    (unsigned long long)made.n_unscored, spec.fact ? "value of" : "score for",
                    args->by);
    if (spec.policy)
        note_funnel(context, spec.policy);
    exclusions_note(spec.exclusions, context->report);
    add_select_facts(args, &spec, of_cohort ? &cohort : NULL, &made, result);
    if (spec.policy) {
        stage_fact_text(result, "policy", spec.policy->name);
        stage_fact_int(result, "policy_left",
                       (int64_t)spec.policy->steps[spec.policy->n - 1].n_left);
    }
    if (spec.exclusions)
        stage_fact_int(result, "left_out", (int64_t)count_left_out(spec.exclusions));
    rc = 0;
done:
    if (spec.exclusions)
        id_list_release(&spec.exclusions->left);
    arena_release(&arena);
    return rc;
}

const struct stage stage_select = {
    .name = "select",
    .summary = "rank samples and store the best under a name",
    .description =
        "Ranks samples by their scores, best first; the metric says whether high or low is\n"
        "better. A fact has no better end, so --order says which values come first. Of equal\n"
        "values the older sample comes first. Samples without a value are left out. A\n"
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
