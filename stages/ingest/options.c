/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/options.h"

#include "base/option.h"

const char *const split_names[] = {
    [SPLIT_LAST_PARAGRAPH] = "last-paragraph", [SPLIT_NONE] = "none", NULL
};

int ingest_make_policy(const struct text_list *on, bool strict, struct defect_policy *out,
                       struct error *err)
{
    defect_policy_init(out);
    if (strict)
        defect_policy_strict(out);
    for (unsigned i = 0; i < on->n; i++)
        if (defect_policy_set(out, on->items[i], err) < 0)
            return -1;
    return 0;
}
