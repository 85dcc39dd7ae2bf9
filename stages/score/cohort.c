/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/cohorts.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/stage.h"

static void make_cohort_spec(const struct score_settings *settings,
                             const struct score_node *node, struct cohort_spec *out)
{
    *out = (struct cohort_spec){ .name = settings->args->cohort ? settings->args->cohort
                                                                : node->scorer->name,
                                 .condition = settings->where };
    cohort_set_options(&settings->args->cohort_args, out);
    if (settings->observing.compat == COMPAT_GATEAU_CODE)
        out->options.normaliser = NORMALISE_GATEAU_CODE;
}

int score_cohort(struct score_run *run, const struct score_node *node, enum score_pass pass,
                 struct error *err)
{
    const struct score_setup *setup = run->setup;
    const struct score_node *nodes = setup->plan.nodes;
    /* gateau is made of hmp and cas, hmp of the two NLLs. */
    const bool has_cas = nodes[node->inputs[0]].scorer->rank != NULL;
    const struct score_node *hmp = has_cas ? &nodes[node->inputs[0]] : node;
    struct cohort_spec spec;
    struct cohort_made made;

    make_cohort_spec(setup->settings, node, &spec);
    spec.samples = &setup->samples;
    spec.short_set_id = nodes[hmp->inputs[0]].set_id;
    spec.long_set_id = nodes[hmp->inputs[1]].set_id;
    spec.cas_set_id = has_cas ? nodes[node->inputs[1]].set_id : 0;
    if ((pass == SCORE_PASS_ATTENTION && score_top_run(run, node, &spec, err) < 0) ||
        cohort_make(setup->context, &spec, &made, err) < 0)
        return -1;
    if (!made.obstacle && made.n_skipped == 0 && made.n == 0 && made.n_samples > 0)
        report_note(setup->context->report,
                    "no sample has all inputs of %s: see v_cohort_scores.status",
                    node->scorer->name);
    run->n_skipped += made.n_skipped;
    if (made.is_new)
        run->n_ranked += made.n;
    return buf_printf(&run->cohort_names, err, "%s%s@%" PRId64,
                      run->cohort_names.len ? "," : "", spec.name, made.version);
}
