/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/explain.h"
#include "scoring/scorer.h"

/* Write what the metric is made of: "nll, nll@short". @short is the short model of a pair. */
static void name_inputs(const struct scorer *scorer, char *out, size_t size)
{
    static const char *const origins[] = { [SCORER_MODEL] = "",
                                           [SCORER_SHORT_MODEL] = "@short",
                                           [SCORER_NO_MODEL] = "",
                                           [SCORER_IMPORTED] = "@imported" };
    const size_t n_inputs = scorer_input_count(scorer);
    size_t n = 0;

    for (size_t i = 0; i < n_inputs && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s%s", i > 0 ? ", " : "",
                              scorer->inputs[i].metric, origins[scorer->inputs[i].model]);
}

static bool metric_entry(size_t i, struct explain_entry *out)
{
    const struct scorer *scorer = scorers[i];
    char inputs[200];

    if (!scorer)
        return false;
    snprintf(inputs, sizeof inputs, "%s", scorer->measure ? "the text" : "the model");
    out->name = scorer->name;
    out->summary = scorer->summary;
    out->page = scorer_page(scorer);
    name_inputs(scorer, inputs, sizeof inputs);
    stage_fact_int(&out->facts, "version", scorer->version);
    stage_fact_text(&out->facts, "unit", scorer->unit);
    stage_fact_text(&out->facts, "better",
                    scorer->better == BETTER_HIGHER ? "higher" : "lower");
    stage_fact_text(&out->facts, "made_of", inputs);
    out->is_left_out = scorer->left_out != NULL;
    if (out->is_left_out)
        stage_fact_text(&out->facts, "left_out", scorer->left_out);
    return true;
}

const struct explain_kind explain_metrics = { "metric", "Metrics", metric_entry };
