/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clustering.h - the clusters of a set of duplicates, and which of their samples are kept.
 */
#ifndef CURATE_CLUSTERING_H
#define CURATE_CLUSTERING_H

#include <stdbool.h>
#include <stdint.h>

struct dedup_samples;
struct error;
struct store;
struct text_list;

/* The order in which samples are kept: by value, then by source, then by content hash. A sample
 * without a value comes last. */
struct dedup_keep {
    const char *by;                 /* "length": bytes of the field, the longest first; or a
                                       metric or fact; NULL: no value */
    bool lower;                     /* the lowest value first */
    const char *model;              /* of the metric; NULL: the only one */
    const struct text_list *prefer; /* sources, the best first; others come last; or NULL */
};

struct dedup_counts {
    uint64_t n_pairs;
    uint64_t n_clusters;
    uint64_t n_members;
    uint64_t n_duplicates; /* not kept by the rule of the leader */
};

/* Compute the clusters of all pairs of a set that are at least as similar as `least`, replace
 * its members, and mark it as complete, in one transaction. Returns 0, or -1 with err set. */
int dedup_make_clusters(struct store *store, int64_t dedup_set_id,
                        const struct dedup_samples *samples, const char *field,
                        const struct dedup_keep *keep, double least, int64_t n_big_buckets,
                        int64_t run_id, struct dedup_counts *out, struct error *err);

#endif
