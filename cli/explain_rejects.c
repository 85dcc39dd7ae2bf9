/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"
#include "stages/defect.h"

static bool class_entry(size_t i, struct explain_entry *out)
{
    if (i >= N_DEFECTS)
        return false;
    const struct defect_class *class = &defect_classes[i];
    const enum defect_action other =
        class->usual == DEFECT_REJECT ? class->other : DEFECT_REJECT;

    out->name = class->name;
    out->summary = class->what;
    out->page = class->page;
    stage_fact_text(&out->facts, "usual", defect_action_name(class->usual));
    if (other != class->usual)
        stage_fact_text(&out->facts, "other", defect_action_name(other));
    return true;
}

const struct explain_kind explain_rejects = { "reject", "Defects of records", class_entry };
