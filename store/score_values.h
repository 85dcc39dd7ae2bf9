/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_values.h - the numbers of a metric, by sample.
 */
#ifndef CURATE_SCORE_VALUES_H
#define CURATE_SCORE_VALUES_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

struct score_values {
    int64_t *sample_ids; /* ascending; both are for score_values_release() */
    double *values;
    size_t n;
    size_t cap;
    size_t n_others; /* sets of the metric with other parameters */
};

/* Those of the set that a user means (score_set_find()), or of the cohort that is current, who
 * have a number. The struct is zeroed; release it also after a failure. */
int score_values_read(struct store *store, const char *metric, const char *model,
                      struct score_values *out, struct error *err);
void score_values_release(struct score_values *values);

#endif
