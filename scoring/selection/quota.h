/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - how many units of each group to take.
 *
 * A unit is a sample, a token or a byte. Totals are below 2^53. Functions return 0, or -1 with
 * err set; all can run out of memory (ERR_NOMEM).
 */
#ifndef CURATE_QUOTA_H
#define CURATE_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;

#define QUOTA_NO_PARENT UINT32_MAX
#define QUOTA_NO_MAX    UINT64_MAX

struct quota_group {
    const char *name;
    double weight;   /* share among the groups with the same parent; >= 0 and finite */
    uint64_t have;   /* units in the pool; of a group with children: computed */
    uint64_t min;    /* units to take at least; 0: no minimum */
    uint64_t max;    /* units to take at most; QUOTA_NO_MAX: no maximum */
    uint32_t parent; /* an earlier group, or QUOTA_NO_PARENT */
    /* Results. */
    uint64_t asked; /* the share by weight alone */
    uint64_t take;
};

/* Divide `total` into whole numbers in proportion to the weights: round down, then give the
 * rest to the largest remainders, of equal ones to the first. ERR_INPUT if no weight is above
 * 0. */
int quota_share(uint64_t total, const double *weights, size_t n, uint64_t *out,
                struct error *err);

/*
 * Water-filling: divide `total` in proportion to the weights, but give group i at least lows[i]
 * and at most caps[i]; what a full group leaves goes to the others by weight. lows may be NULL,
 * lows[i] <= caps[i]. *left is what no group has room for. A total below the sum of lows gives
 * lows.
 */
int quota_fill(double total, const double *weights, const double *lows, const double *caps,
               size_t n, double *out, double *left, struct error *err);

/*
 * Set `asked` and `take` of all groups, and `have` of groups with children. The groups without
 * a parent share `total`, and the children of a group share what it takes, each by quota_fill()
 * rounded to whole numbers as in quota_share(). *unfilled is `total` less what is taken. If a
 * group has less than its min, all of it is taken. ERR_INPUT if min > max or if minima sum to
 * more than there is to share.
 */
int quota_allocate(struct quota_group *groups, size_t n, uint64_t total, uint64_t *unfilled,
                   struct error *err);

/* Do the groups take `total`, and each its min? */
bool quota_is_met(const struct quota_group *groups, size_t n, uint64_t total);

/* Append a table, a line for each group: name (a child's is indented), asked, had, taken, and
 * what is missing of the larger of asked and min if the group is short of it. */
int quota_print(const struct quota_group *groups, size_t n, struct buf *out, struct error *err);

#endif
