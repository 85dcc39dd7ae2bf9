/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/explain.h"
#include "stages/record/defect.h"

/* Write the actions that can be chosen instead of the default: "repair or reject"; "" if there
 * are none. */
static void other_actions(const struct defect_class *class, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (int action = ACTION_KEEP; action >= ACTION_REJECT; action--)
        if (action != (int)class->action && defect_allows(class, (enum defect_action)action))
            n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " or " : "",
                                  defect_action_name((enum defect_action)action));
}

static bool class_entry(size_t i, struct explain_entry *out)
{
    const size_t defect = i + 1; /* skip DEFECT_NONE */

    if (defect >= N_DEFECTS)
        return false;
    const struct defect_class *class = &defect_classes[defect];
    char others[32];

    other_actions(class, others, sizeof others);
    out->name = class->name;
    out->summary = class->what;
    out->page = class->page;
    stage_fact_text(&out->facts, "default", defect_action_name(class->action));
    if (others[0])
        stage_fact_text(&out->facts, "other", others);
    return true;
}

const struct explain_kind explain_rejects = { "reject", "Defects of records", class_entry };
