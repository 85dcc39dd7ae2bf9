/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select - rank samples by a metric and store the best under a name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/cohort/cohort.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/selection.h"

struct select_args {
    const char *name;
    const char *by;
    const char *model;
    const char *cohort;
    struct option_share top;
    struct text_list where;
    bool replace;
};

struct select_config {
    char *condition; /* NULL: all samples */
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
    { OPTION_FLAG, 0, "replace", offsetof(struct select_args, replace), NULL,
      .help = "let an empty selection replace one that holds samples" },
    { .type = OPTION_END },
};

static const struct select_args defaults = { 0 };

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
    return condition_join(&args->where, &made->condition, err);
}

static void select_release(void *config)
{
    free(((struct select_config *)config)->condition);
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
    if (of_cohort < 0 || selection_make(context->store, &spec, context->run_id,
                                        context->dry_run, &made, err) < 0)
        goto done;
    if (made.n_unscored > 0)
        report_note(context->report, "%llu samples have no score for %s and cannot be selected",
                    (unsigned long long)made.n_unscored, args->by);
    add_select_facts(args, of_cohort ? &cohort : NULL, &made, result);
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
        "--replace.",
    .options = options,
    .args_size = sizeof(struct select_args),
    .defaults = &defaults,
    .config_size = sizeof(struct select_config),
    .check = select_check,
    .release = select_release,
    .run = select_run,
};
