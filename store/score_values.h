/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_values.h - the values of a metric: one per sample, or the mean of a group of samples.
 */
#ifndef CURATE_SCORE_VALUES_H
#define CURATE_SCORE_VALUES_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

struct score_values {
    int64_t *sample_ids; /* ascending */
    double *values;      /* values[i] is of sample_ids[i] */
    size_t n;
    size_t cap;
    size_t n_others; /* further score sets of the same metric and model */
};

/* Read all values that are not missing from the score set that score_set_find() chooses. For a
 * metric of a cohort, read the values of the current cohort version. *out must be zeroed;
 * release it after a failure too. Returns 0, or -1 with err set. */
int score_values_read(struct store *store, const char *metric, const char *model,
                      struct score_values *out, struct error *err);
/* The same of "hmp" or "cas" of the samples of a cohort that have a gateau. */
int score_values_read_cohort(struct store *store, int64_t cohort_id, const char *column,
                             struct score_values *out, struct error *err);
void score_values_release(struct score_values *values);

/*
 * Compute the mean value, in a score set, of the samples of a group. With by "source" the group
 * is the name of a source. Otherwise `by` names a member of the samples' meta, and the group is
 * its text or number. Returns 1, 0 if no sample of the group has a value, or -1.
 */
int score_group_mean(struct store *store, int64_t score_set_id, const char *by,
                     const char *group, double *mean, struct error *err);

#endif
