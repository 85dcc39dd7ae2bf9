/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clustering.h - the clusters of a set of duplicates, and which of their samples are kept.
 */
#ifndef CURATE_CLUSTERING_H
#define CURATE_CLUSTERING_H

#include <stdint.h>

struct dedup_order;
struct dedup_samples;
struct dedup_use;
struct error;
struct store;

struct dedup_counts {
    uint64_t n_pairs;
    uint64_t n_clusters;
    uint64_t n_members;
    uint64_t n_duplicates; /* not kept by the rule of the leader */
};

/*
 * Compute the clusters of the pairs of a set that `use` names, replace its members, and mark it
 * as complete, in one transaction. Samples are kept in the order of their values, then of their
 * sources, then of their content hashes; a sample without a value comes last. Takes 24 bytes a
 * pair and 80 a sample that has a pair. Returns 0, or -1 with err set.
 */
int dedup_make_clusters(struct store *store, int64_t dedup_set_id,
                        const struct dedup_samples *samples, const struct dedup_order *order,
                        const struct dedup_use *use, int64_t run_id, struct dedup_counts *out,
                        struct error *err);

#endif
