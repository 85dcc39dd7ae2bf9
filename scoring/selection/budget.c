/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/budget.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A budget with less than 1 / CLOSED left does not look for samples that fit. */
enum { CLOSED = 100 };

struct purse {
    uint64_t total;
    uint64_t left;
    bool closed;
};

static struct purse purse_of(uint64_t total, uint64_t used)
{
    return (struct purse){ .total = total, .left = total - used };
}

/* Does the sample fit? If not, close the purse if no more samples are to be tried. */
static bool purse_fits(struct purse *purse, uint64_t cost, enum budget_mode mode)
{
    if (purse->closed)
        return false;
    if (cost <= purse->left)
        return true;
    purse->closed = mode == BUDGET_STOP ||
                    purse->left < purse->total / CLOSED + (purse->total % CLOSED != 0);
    return false;
}

int budget_fill(const struct sample_budget *budget, const uint32_t *order, size_t n,
                const uint64_t *costs, uint32_t *picks, size_t *n_picks, uint64_t *used,
                struct error *err)
{
    struct purse all = purse_of(budget->total, 0);
    struct purse *groups = NULL;
    size_t n_taken = 0;

    if (budget->groups) {
        groups = calloc(budget->n_groups ? budget->n_groups : 1, sizeof *groups);
        if (!groups)
            return error_nomem(err);
        for (size_t g = 0; g < budget->n_groups; g++)
            groups[g] = purse_of(budget->group_totals[g], 0);
    }
    for (size_t i = 0; i < n && !all.closed; i++) {
        const uint32_t sample = order[i];
        const uint64_t cost = costs ? costs[sample] : 1;
        struct purse *group = groups ? &groups[budget->groups[sample]] : NULL;

        if (group && !purse_fits(group, cost, budget->mode))
            continue;
        if (!purse_fits(&all, cost, budget->mode))
            continue;
        all.left -= cost;
        if (group)
            group->left -= cost;
        picks[n_taken++] = sample;
    }
    free(groups);
    *n_picks = n_taken;
    *used = budget->total - all.left;
    return 0;
}

void budget_fill_tiers(const uint64_t *totals, size_t n_tiers, enum budget_mode mode,
                       const uint32_t *order, size_t n, const uint64_t *costs, uint8_t *tier,
                       size_t n_samples, uint64_t *used)
{
    uint64_t spent = 0;

    if (n_samples > 0)
        memset(tier, 0, n_samples);
    for (size_t t = 0; t < n_tiers; t++) {
        struct purse purse = purse_of(totals[t], spent);

        for (size_t i = 0; i < n && !purse.closed; i++) {
            const uint64_t cost = costs ? costs[order[i]] : 1;

            if (tier[order[i]] != 0 || !purse_fits(&purse, cost, mode))
                continue;
            tier[order[i]] = (uint8_t)(t + 1);
            purse.left -= cost;
        }
        spent = totals[t] - purse.left;
        used[t] = spent;
    }
}
