/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split.h - divide groups of samples into parts, by hash or to exact sizes.
 *
 * Samples are numbered from 0 in the order of their content hashes. A group has a key, the
 * content hash of its first sample in hexadecimal, and a point between 0 and 1 that follows
 * from seed and key. So a group has the same part whatever the other groups are. Shares are
 * above 0 and sum to 1; part i has the points from the sum of the shares before it on.
 *
 * Functions return 0, or -1 with err set: ERR_NOMEM, or what a digest raises.
 */
#ifndef CURATE_SCORING_SPLIT_H
#define CURATE_SCORING_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct digest;
struct error;

/* A group without a part, or a sample without an earlier group. */
#define SPLIT_NONE UINT32_MAX

struct split_group {
    uint32_t first;   /* the smallest number of its samples */
    uint32_t n;       /* its samples */
    uint32_t stratum; /* split_exact() divides each stratum alone */
    uint32_t part;    /* the result */
    uint64_t point;   /* of split_point() */
    uint64_t weight;  /* samples, or tokens */
};

/* Compute the point of a key, in units of 2^-64: the first 8 bytes, most significant first, of
 * SHA-256 of the seed, a NUL and the key. */
int split_point(struct digest *digest, const char *seed, struct slice key, uint64_t *out,
                struct error *err);
/* The part of a point: the first one whose cumulative share exceeds it. */
uint32_t split_part_of(uint64_t point, const double *shares, size_t n_parts);
/* Give a part to each group that has none. */
void split_by_hash(struct split_group *groups, size_t n, const double *shares, size_t n_parts);

/*
 * Give each group a part, so that each stratum has its exact shares. The weight that a part is
 * to have is rounded by quota_share(). The groups of a stratum fill one part after the other,
 * in the order of their points: the group that reaches the weight is the last of its part. The
 * last part gets what is left.
 */
int split_exact(struct split_group *groups, size_t n, const double *shares, size_t n_parts,
                struct error *err);

/* Where an earlier run put a sample. */
struct split_old {
    uint32_t key; /* the first sample of its group; SPLIT_NONE: the sample was not there */
    uint32_t part;
};
struct split_kept {
    uint64_t n_joined; /* groups that several groups of the earlier run became */
    uint64_t n_moved;  /* samples that get another part, because their group was joined */
};
/*
 * Give groups with samples of an earlier run the part that they had. A group that several
 * groups became gets the part of the one with the smallest key. group_of[i] is the index of
 * sample i's group, or SPLIT_NONE.
 */
int split_keep(const struct split_old *old, const uint32_t *group_of, size_t n_samples,
               struct split_group *groups, size_t n, struct split_kept *out, struct error *err);

#endif
