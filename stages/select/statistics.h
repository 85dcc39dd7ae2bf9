/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statistics.h - numbers that describe values of candidates: of the pool, and of the selection.
 */
#ifndef CURATE_STATISTICS_H
#define CURATE_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

struct error;

enum { STATISTICS_QUANTILES = 5 };
/* "p5", "p25", "median", "p75", "p95". */
extern const char *const statistics_quantile_names[STATISTICS_QUANTILES];

/* The pool, in the order that it was chosen in, and what was chosen. Borrowed. */
struct statistics_pool {
    size_t n_candidates;
    const uint32_t *order; /* candidates, the best first */
    size_t n_order;
    const double *merits;    /* of each candidate, descending along `order` */
    const uint8_t *selected; /* of each candidate: 1 if it was chosen */
};

/* Of the values that are not missing. NAN where there are none. */
struct value_statistics {
    size_t n;
    double mean;
    double quantiles[STATISTICS_QUANTILES]; /* by nearest rank */
};
struct statistics {
    struct value_statistics pool;
    struct value_statistics selected;
    double spearman; /* rank correlation of merits and values; equal values get the mean of
                        their ranks. NAN below 2 values, and if all of one are equal */
};

/* Describe the values of candidates, NAN where one has none. Memory: 48 bytes a candidate.
 * Returns 0, or -1 with err set: ERR_NOMEM. */
int statistics_of(const struct statistics_pool *pool, const double *values,
                  struct statistics *out, struct error *err);

/* Compute which share of the selection another order of the pool would choose as well, as its
 * n_selected best; merits: NAN for candidates it does not know. ERR_NOMEM. */
int statistics_overlap(const struct statistics_pool *pool, const double *merits,
                       size_t n_selected, double *out, struct error *err);

#endif
