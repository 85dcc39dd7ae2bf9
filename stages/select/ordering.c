/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/ordering.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/report.h"
#include "scoring/facts/measurer.h"
#include "stages/select/by_formula.h"
#include "stages/select/making.h"
#include "stages/stage.h"
#include "store/cohort.h"
#include "store/profile.h"
#include "store/score.h"

const char *const ordering_direction_names[] = {
    [ORDERING_ASCENDING] = "ascending", [ORDERING_DESCENDING] = "descending", NULL
};

int ordering_check(const struct ordering_args *args, struct error *err)
{
    const int n = (args->by != NULL) + args->random + args->all + (args->targets.n > 0);

    if (n == 0)
        return error_set(
            err, ERR_USAGE,
            "nothing to rank by: use --by METRIC or --by FACT, --target, --random or "
            "--all");
    if (n > 1)
        return error_set(err, ERR_USAGE,
                         "--by, --target, --random and --all exclude each other");
    if (!args->by &&
        (args->cohort || (args->model && !args->targets.n) || args->order != OPTION_NO_CHOICE))
        return error_set(err, ERR_USAGE, "--%s is for --by: leave it out",
                         args->cohort  ? "cohort"
                         : args->model ? "model"
                                       : "order");
    if (args->cohort && args->model)
        return error_set(err, ERR_USAGE,
                         "--cohort %s names the models already: leave out --model",
                         args->cohort);
    if (args->order != OPTION_NO_CHOICE && (args->cohort || args->model))
        return error_set(err, ERR_USAGE,
                         "--order is for facts, --%s for metrics: leave out one of them",
                         args->cohort ? "cohort" : "model");
    return 0;
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
static int check_metric(const struct ordering_args *args, bool is_scored, struct error *err)
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
static int use_fact(const struct stage_context *context, const struct ordering_args *args,
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
    spec->ordering = ORDERED_BY_FACT;
    spec->fact = args->by;
    spec->higher_is_better = args->order != ORDERING_ASCENDING;
    return 1;
}

/* Find the scores of the metric. Returns 1 and the row of their cohort, 0 when they have none,
 * -1. */
static int find_scores(const struct stage_context *context, const struct ordering_args *args,
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

int ordering_find(const struct stage_context *context, const struct ordering_args *args,
                  struct arena *arena, struct cohort_row *cohort, struct selection_spec *spec,
                  struct error *err)
{
    if (args->targets.n > 0) {
        spec->ordering = ORDERED_BY_TARGET;
        return 0;
    }
    if (args->random || args->all) {
        spec->ordering = args->random ? ORDERED_AT_RANDOM : NOT_ORDERED;
        return 0;
    }
    const int by_formula = by_formula_find(context, args, arena, spec, err);
    if (by_formula != 0)
        return by_formula < 0 ? -1 : 0;
    const int by_fact = use_fact(context, args, spec, err);
    if (by_fact != 0)
        return by_fact < 0 ? -1 : 0;
    return find_scores(context, args, arena, cohort, spec, err);
}
