/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.h - scores of samples that belong together.
 */
#ifndef CURATE_GROUP_H
#define CURATE_GROUP_H

#include <stdint.h>

struct error;
struct store;

/*
 * The mean score, in a set, of the samples of a group: 1, 0 when none of them has a number, -1.
 * A sample's group is its source (by "source"), or the text or number that the member `by` of
 * its meta is.
 */
int group_mean(struct store *store, int64_t score_set_id, const char *by, const char *group,
               double *mean, struct error *err);

#endif
