/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Early exit. If only the top of a cohort is wanted, the passes over segments, most of what
 * GATEAU costs, are skipped for samples that cannot be in it. The pass over the whole text runs
 * for all samples: so the members of the cohort and their hmp are the same as without --top.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/gateau_top.h"
#include "stages/score/backlog.h"
#include "stages/score/cohorts.h"
#include "stages/score/compute.h"
#include "stages/stage.h"

/* Why no segment pass can be skipped; NULL if some can. */
static const char *top_obstacle(const struct score_setup *setup)
{
    const struct score_settings *settings = setup->settings;
    const struct score_plan *plan = &setup->plan;
    struct cohort_spec spec = { 0 };

    cohort_set_options(&settings->args->cohort_args, &spec);
    if (!gateau_top_is_possible(&spec.options))
        return "only --norm softmax and minmax bound gateau";
    if (spec.impute)
        return "--nulls median needs the cas of all samples";
    if (settings->cas.centred || settings->cas.importance == IMPORTANCE_NLL)
        return "a sample may turn out to have no cas of this kind";
    if (settings->all_turns)
        return "--turns all scores all segments at once";
    for (size_t i = 0; i < plan->n; i++)
        if (plan->nodes[i].asked && plan->nodes[i].has_segments && !plan->nodes[i].scorer->rank)
            return "another metric needs all segments";
    return NULL;
}

enum score_pass score_top_pass(const struct score_setup *setup)
{
    const struct score_top *top = &setup->settings->top;

    if (!top->is_given || top->exact_all)
        return SCORE_PASS_ALL;
    const char *why = top_obstacle(setup);
    if (!why)
        return SCORE_PASS_ATTENTION;
    report_note(setup->context->report, "--top %s skips nothing: %s", top->text, why);
    return SCORE_PASS_ALL;
}

static int compare_sample_ids(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

/* Compute the segments of these samples, and cas from them. Sorts the ids. */
static int compute_cas(struct score_run *run, const struct score_node *cas, int64_t *ids,
                       size_t n, struct error *err)
{
    const struct id_list samples = { .ids = ids, .n = n };

    qsort(ids, n, sizeof *ids, compare_sample_ids);
    if (score_backlog_run_some(run, &samples, SCORE_PASS_NLL, err) < 0)
        return -1;
    return score_derive(run, cas, &samples, SCORE_PASS_NLL, err);
}

int score_top_run(struct score_run *run, const struct score_node *node,
                  struct cohort_spec *spec, struct error *err)
{
    /* A round computes about an eighth of the samples that may still be needed. */
    const size_t n_rounds = 8;
    const struct score_setup *setup = run->setup;

    if (spec->cas_set_id == 0)
        return 0;
    spec->top_n = setup->settings->top.share.n;
    spec->top_per_10000 = setup->settings->top.share.hundredths;
    for (;;) {
        struct cohort_numbers numbers;

        if (cohort_numbers_make(setup->context, spec, &numbers, err) < 0)
            return -1;
        const size_t n = numbers.wanted.n;
        const int rc = n > 0 ? compute_cas(run, &setup->plan.nodes[node->inputs[1]],
                                           numbers.wanted.ids, n / n_rounds + 1, err)
                             : 0;
        cohort_numbers_release(&numbers);
        if (rc < 0 || n == 0) /* the top is certain, or all samples are known */
            return rc;
    }
}
