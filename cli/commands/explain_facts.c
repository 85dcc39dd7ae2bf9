/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"
#include "scoring/facts/measurer.h"

/* Find fact i of all measurers. */
static const struct measurer *find_fact(size_t i, const struct fact **out)
{
    for (size_t m = 0; measurers[m]; m++) {
        if (i < measurers[m]->n_facts) {
            *out = &measurers[m]->facts[i];
            return measurers[m];
        }
        i -= measurers[m]->n_facts;
    }
    return NULL;
}

static bool fact_entry(size_t i, struct explain_entry *out)
{
    const struct fact *fact = NULL;
    const struct measurer *measurer = find_fact(i, &fact);

    if (!measurer)
        return false;
    out->name = fact->name;
    out->summary = fact->summary;
    out->page = measurer_page(measurer);
    stage_fact_text(&out->facts, "measurer", measurer->name);
    stage_fact_int(&out->facts, "version", measurer->version);
    stage_fact_text(&out->facts, "unit", fact->unit);
    stage_fact_text(&out->facts, "of", measurer->verify ? "the sample" : "its texts");
    out->is_left_out = measurer->left_out != NULL;
    if (out->is_left_out)
        stage_fact_text(&out->facts, "left_out", measurer->left_out);
    return true;
}

const struct explain_kind explain_facts = { "fact", "Facts", fact_entry };
