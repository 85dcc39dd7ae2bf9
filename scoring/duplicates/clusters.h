/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clusters.h - what follows from pairs of similar samples.
 *
 * Samples are numbered from 0 in the order of their content hashes, so that nothing depends on
 * the order of ingestion. Functions return 0, or -1 with err set: ERR_NOMEM.
 */
#ifndef CURATE_CLUSTERS_H
#define CURATE_CLUSTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct similar_pair {
    uint32_t a; /* less than b */
    uint32_t b;
};

/* Set root[i], for each of n samples, to the smallest number of its connected component. */
int clusters_components(const struct similar_pair *pairs, size_t n_pairs, uint32_t *root,
                        size_t n, struct error *err);

/*
 * Go through the samples in the order in which they are to be kept; keep a sample unless it has
 * a pair with one that is kept. leader[i] is i for a kept sample, else the first kept sample of
 * the order that it has a pair with. `order` is a permutation of 0 to n - 1.
 */
int clusters_leaders(const struct similar_pair *pairs, size_t n_pairs, const uint32_t *order,
                     uint32_t *leader, size_t n, struct error *err);

/*
 * The same for copies: group[i] is the smallest number of the samples that are equal to i. A
 * group is kept or not as one. The first of the order stands for its group: it is the leader of
 * the others, or, where the group is not kept, all have the leader of the group.
 */
int clusters_leaders_of_groups(const struct similar_pair *pairs, size_t n_pairs,
                               const uint32_t *group, const uint32_t *order, uint32_t *leader,
                               size_t n, struct error *err);

#endif
