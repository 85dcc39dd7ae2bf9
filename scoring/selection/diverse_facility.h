/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diverse_facility.h - facility location over points: what a pick takes from the gains of the
 * other samples.
 */
#ifndef CURATE_DIVERSE_FACILITY_H
#define CURATE_DIVERSE_FACILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/selection/diverse_private.h"

struct error;

enum {
    FACILITY_ROWS = 16,   /* samples of a tile of exact products */
    FACILITY_CHANGES = 8, /* remembered for each point */
};

/* A bound may be wrong by the rounding of its sums: below 1e-15 for each of at most
 * DIVERSE_ALL_POINTS points. */
#define FACILITY_SLACK 1e-10

/* What the nearest similarity of a point was before its last changes, the oldest first. */
struct point_past {
    uint32_t n;
    uint32_t n_picks[FACILITY_CHANGES]; /* with the pick of the change */
    double before[FACILITY_CHANGES];
};

struct facility {
    struct diverse *d;
    double alpha;
    uint32_t *points;
    size_t n_points;
    double *nearest; /* of each point: largest similarity with a pick, 0 before the first */
    struct point_past *past;
    uint32_t *numbers; /* of the points: 0, 1, 2 ... */
    uint32_t *recent;  /* the same, the last changed first */
    uint32_t *older;   /* room to sort them */
    size_t n_recent;   /* points of the update under way */
    float *panels;     /* directions of the points */
    float *rows;       /* directions of the samples of the update under way */
    float *tiles;      /* two of each thread */
    double *parts;     /* of the sums of LAZY_TRIES bounds, for each block of points */
    struct lazy_bound *bounds;
    const struct lazy_bound *tries; /* of the update under way */
    size_t n_tries;
    double *similar; /* of the last measured samples: a row of n_points similarities each */
    uint32_t measured[LAZY_MEASURES];
    size_t n_measured;
    double *sums; /* of the directions of all points */
};

/* The number of blocks of n points: each adds a part to a sum. */
static inline size_t facility_blocks(size_t n)
{
    return (n + DIVERSE_BLOCK - 1) / DIVERSE_BLOCK;
}

/* Add the parts of sum t. */
double facility_sum(const struct facility *f, size_t n_blocks, size_t t);

/* Compute the similarities of n samples, at most FACILITY_ROWS, with n_columns points of a
 * block; point j is order[j]. */
void facility_compare(const struct facility *f, const uint32_t *samples, size_t n,
                      const uint32_t *order, size_t n_columns,
                      double out[FACILITY_ROWS][DIVERSE_BLOCK]);

/* Allocate what updates need, beside the points. ERR_NOMEM. */
int facility_prepare_updates(struct facility *f, struct error *err);
/* Has the nearest similarity of a point changed since n_picks picks? */
bool facility_changed_since(const struct facility *f, uint32_t point, uint32_t n_picks);
/* The `update` of lazy_rule. */
void facility_update(void *state, struct lazy_bound *bounds, size_t n);

#endif
