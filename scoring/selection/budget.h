/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - choose samples in a given order until a budget is used up.
 *
 * The unit of a budget is whatever costs are in: tokens, bytes, or samples if costs is NULL. A
 * budget is never exceeded. Memory: 8 bytes a group.
 */
#ifndef CURATE_BUDGET_H
#define CURATE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

struct error;

enum budget_mode {
    BUDGET_SKIP, /* skip a sample that does not fit, unless less than 1 % of the budget is left
                  */
    BUDGET_STOP, /* stop at the first sample that does not fit */
};

struct sample_budget {
    uint64_t total;
    enum budget_mode mode;
    /* Quotas: the group of each sample, below n_groups, and the budget of each group. A group
     * that is full does not stop the others. Both NULL: no quotas. */
    const uint32_t *groups;
    const uint64_t *group_totals;
    size_t n_groups;
};

/*
 * Choose from `order`, n different samples, the first to be chosen first. Writes the chosen to
 * `picks`, which has room for n, in the same order, their number to *n_picks and the sum of
 * their costs to *used. Returns 0, or -1 with err set: ERR_NOMEM.
 */
int budget_fill(const struct sample_budget *budget, const uint32_t *order, size_t n,
                const uint64_t *costs, uint32_t *picks, size_t *n_picks, uint64_t *used,
                struct error *err);

/*
 * Tiers inside each other: the first budget is filled, then each next one goes on from the
 * samples of the one before it. totals are in ascending order, 1 <= n_tiers <= 255. tier[s]
 * becomes the number of the smallest tier that has the sample, counted from 1, or 0. used[t] is
 * the cost of tier t + 1, with the tiers inside it. tier has a byte for each sample, n_samples
 * in all.
 */
void budget_fill_tiers(const uint64_t *totals, size_t n_tiers, enum budget_mode mode,
                       const uint32_t *order, size_t n, const uint64_t *costs, uint8_t *tier,
                       size_t n_samples, uint64_t *used);

#endif
