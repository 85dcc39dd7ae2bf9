/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Early exit: where only the first of a cohort are wanted, samples that cannot be among them
 * are spared the passes over their segments, which are most of what GATEAU costs. The pass over
 * the whole is made for all, so that who is in the cohort, and with it hmp, is what it always
 * is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/gateau_top.h"
#include "stages/score/score_private.h"
#include "stages/stage.h"
#include "stages/top_option.h"

/* Why nothing can be skipped; NULL when something can. */
static const char *obstacle(const struct scoring *scoring)
{
    const struct score_plan *plan = &scoring->plan;
    struct cohort_spec spec = { 0 };
    struct error ignored;

    cohort_defaults(&spec);
    if (cohort_take_args(&scoring->args->cohort_args, &spec, &ignored) < 0)
        return "the settings are wrong";
    if (!gateau_top_is_possible(&spec.options))
        return "only softmax and minmax bound what gateau can be";
    if (spec.impute)
        return "a median is of all";
    if (scoring->reading.centred || scoring->reading.importance == IMPORTANCE_NLL)
        return "whether there is a cas of that kind is not known beforehand";
    if (scoring->all_turns)
        return "all turns are scored at once";
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].asked && plan->nodes[i].has_segments && !plan->nodes[i].scorer->rank)
            return "a metric of all segments is asked for, too";
    return NULL;
}

int score_top_check(const struct score_args *args, const struct score_plan *plan,
                    struct error *err)
{
    uint64_t n, permyriad;

    if (!args->top && args->exact_all)
        return error_set(err, ERR_USAGE, "--exact-all belongs to --top");
    if (!args->top)
        return 0;
    if (!top_parse(args->top, &n, &permyriad))
        return error_set(err, ERR_USAGE,
                         "--top %s is neither a number above 0 nor a part of up to 100%% with "
                         "at most %d decimals, like 12.5%%",
                         args->top, TOP_DECIMALS);
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].asked && strcmp(plan->nodes[i].scorer->name, "gateau") == 0)
            return 0;
    return error_set(err, ERR_USAGE, "--top %s: only gateau has a use for it", args->top);
}

void score_top_begin(struct scoring *scoring)
{
    const struct score_args *args = scoring->args;

    if (!args->top || args->exact_all)
        return;
    const char *why = obstacle(scoring);
    if (why)
        report_note(scoring->context->report, "--top %s skips nothing: %s", args->top, why);
    else
        scoring->pass = SCORE_PASS_ATTENTION;
}

static int compare(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* The segments of these samples, which are put in order of id, and the cas made of them. */
static int look_at(struct scoring *scoring, const struct score_node *cas, int64_t *ids,
                   size_t n, struct error *err)
{
    const struct id_list all = scoring->samples;
    struct score_backlog *backlog = NULL;
    struct score_guess guess = { 0 };
    int rc = -1;

    qsort(ids, n, sizeof *ids, compare);
    scoring->samples = (struct id_list){ .ids = ids, .n = n };
    scoring->pass = SCORE_PASS_NLL;
    if (score_backlog_new(scoring, SCORER_MODEL, &backlog, err) == 0 &&
        score_backlog_guess(backlog, &guess, NULL, err) == 0) {
        scoring->context->report->total += guess.n_tokens;
        rc = score_backlog_run(backlog, err);
    }
    score_backlog_free(backlog);
    if (rc == 0)
        rc = score_derive(scoring, cas, err);
    scoring->samples = all;
    scoring->pass = SCORE_PASS_ATTENTION;
    return rc;
}

int score_top_run(struct scoring *scoring, const struct score_node *node,
                  struct cohort_spec *spec, struct error *err)
{
    const size_t n_parts = 8; /* about: a round looks at a part of those that may be needed */

    if (scoring->pass != SCORE_PASS_ATTENTION || spec->cas_set_id == 0)
        return 0;
    top_parse(scoring->args->top, &spec->top_n, &spec->top_permyriad);
    for (;;) {
        struct cohort_numbers numbers;

        if (cohort_numbers_make(scoring->context, spec, &numbers, err) < 0)
            return -1;
        const size_t n = numbers.wanted.n;
        const int rc = n > 0 ? look_at(scoring, &scoring->plan.nodes[node->inputs[1]],
                                       numbers.wanted.ids, n / n_parts + 1, err)
                             : 0;
        cohort_numbers_release(&numbers);
        if (rc < 0 || n == 0) /* certain, or all are known */
            return rc;
    }
}
