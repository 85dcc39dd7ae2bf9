/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of a cohort: made anew of the stored scores whenever asked for, since every sample
 * that joins changes all of them. What was made before stays as it is (cohort_private.h).
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/score/score_private.h"
#include "stages/stage.h"

static int make_spec(const struct score_args *args, const struct score_node *node,
                     struct cohort_spec *out, struct error *err)
{
    *out = (struct cohort_spec){ .name = args->cohort ? args->cohort : node->scorer->name,
                                 .condition = args->where };
    cohort_defaults(out);
    if (cohort_take_args(&args->cohort_args, out, err) < 0)
        return -1;
    if (args->compat && strcmp(args->compat, compat_name(COMPAT_GATEAU_CODE)) == 0)
        out->options.normaliser = NORMALISE_GATEAU_CODE;
    return 0;
}

int score_cohort_check(const struct score_args *args, const struct score_plan *plan,
                       struct error *err)
{
    struct cohort_spec spec = { 0 };
    size_t n = 0;

    if (cohort_take_args(&args->cohort_args, &spec, err) < 0 ||
        (args->cohort && cohort_check_name(args->cohort, err) < 0))
        return -1;
    for (size_t i = 0; i < plan->n; i++) {
        const struct score_node *node = &plan->nodes[i];

        n += node->scorer->rank && node->asked;
    }
    if (n != 1 && args->cohort)
        return error_set(err, ERR_USAGE, "--cohort %s: %s", args->cohort,
                         n > 1 ? "hmp and gateau are two cohorts; ask for one of them"
                               : "none of these metrics is of a cohort");
    return 0;
}

int score_cohort(struct scoring *scoring, const struct score_node *node, struct error *err)
{
    const struct score_node *nodes = scoring->plan.nodes;
    /* gateau is made of hmp and cas, hmp of the two NLLs. */
    const bool has_cas = nodes[node->inputs[0]].scorer->rank != NULL;
    const struct score_node *hmp = has_cas ? &nodes[node->inputs[0]] : node;
    struct cohort_spec spec;
    struct cohort_made made;

    if (make_spec(scoring->args, node, &spec, err) < 0)
        return -1;
    spec.samples = &scoring->samples;
    spec.short_set_id = nodes[hmp->inputs[0]].set_id;
    spec.long_set_id = nodes[hmp->inputs[1]].set_id;
    spec.cas_set_id = has_cas ? nodes[node->inputs[1]].set_id : 0;
    if (score_top_run(scoring, node, &spec, err) < 0 ||
        cohort_make(scoring->context, &spec, &made, err) < 0)
        return -1;
    if (made.n_skipped == 0 && made.n == 0 && made.n_samples > 0)
        report_note(scoring->context->report,
                    "no sample has all that %s is made of; v_cohort_scores.status says why",
                    node->scorer->name);
    scoring->n_skipped += made.n_skipped;
    if (made.is_new)
        scoring->n_ranked += made.n;
    return buf_printf(&scoring->cohorts, err, "%s%s@%" PRId64, scoring->cohorts.len ? "," : "",
                      spec.name, made.version);
}
