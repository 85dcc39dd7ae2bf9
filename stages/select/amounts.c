/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/amounts.h"

#include "base/error.h"
#include "base/report.h"
#include "stages/select/making.h"

bool amounts_are_given(const struct amount_args *args)
{
    return args->budget.total || args->budget.tiers || args->quota.quotas.n > 0 ||
           args->quota.mix;
}

int amounts_check(const struct amount_args *args, bool has_top, bool is_diverse,
                  struct arena *arena, struct amount_spec *spec, struct error *err)
{
    if (budget_parse(&args->budget, &spec->budget, err) < 0 ||
        quota_check(&args->quota, arena, &spec->quota, err) < 0)
        return -1;
    const bool has_quota = spec->quota.n_levels > 0;
    const char *option = spec->quota.option;
    if (args->budget.tiers && (has_quota || is_diverse || has_top))
        return error_set(err, ERR_USAGE, "--tiers and --%s exclude each other",
                         has_quota    ? option
                         : is_diverse ? "diverse"
                                      : "top");
    if (!has_quota)
        return 0;
    if (is_diverse)
        return error_set(err, ERR_USAGE,
                         "--%s and --diverse exclude each other: make a selection by the quota "
                         "first, and choose --from it",
                         option);
    if (has_top && args->budget.total)
        return error_set(err, ERR_USAGE,
                         "--%s divides either --budget or --top: leave out one of them",
                         option);
    if (!has_top && !args->budget.total && spec->quota.sum_of_counts == 0)
        return error_set(err, ERR_USAGE,
                         "--%s divides a whole: say how large it is with --budget or --top",
                         option);
    return 0;
}

void amounts_note(const struct selection_spec *spec, const struct selection_result *made,
                  struct report *report)
{
    if (spec->budget)
        budget_note(spec->budget, &made->budget, report);
    if (made->n_ungrouped > 0)
        report_note(report, "samples of none of the groups, which cannot be selected: %zu",
                    made->n_ungrouped);
}
