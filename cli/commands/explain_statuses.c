/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"
#include "scoring/scorer.h"

static bool status_entry(size_t i, struct explain_entry *out)
{
    const struct scorer_reason *reason = scorer_reason_at(i);

    if (!reason)
        return false;
    out->name = reason->name;
    out->summary = reason->meaning;
    out->page = "A score with this status is missing: v_scores has no value for it. The query\n"
                "SELECT source, ext_id, metric, status FROM v_scores WHERE value IS NULL\n"
                "lists all missing scores.\n";
    return true;
}

const struct explain_kind explain_statuses = { "status", "Reasons of missing scores",
                                               status_entry };
