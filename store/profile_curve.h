/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_curve.h - how many samples each threshold of a value keeps, in one pass over the
 * values in ascending order.
 *
 * The caller owns the points. Memory does not depend on the number of values.
 */
#ifndef CURATE_PROFILE_CURVE_H
#define CURATE_PROFILE_CURVE_H

#include <stddef.h>
#include <stdint.h>

struct curve_count {
    uint64_t samples;
    uint64_t weight; /* their tokens or words */
};

struct curve_point {
    double threshold;
    struct curve_count least; /* samples with at least the threshold */
    struct curve_count most;  /* samples with at most the threshold */
};

struct curve {
    /* Point p is the threshold at the quantile of p percent, by nearest rank: the smallest
     * value that p percent of the values do not exceed; the minimum for p = 0. */
    struct curve_point *quantiles;
    size_t n_quantiles;
    /* The thresholds of these are given, in ascending order. */
    struct curve_point *given;
    size_t n_given;

    /* The values so far. Only profile_curve.c uses the members from here on. */
    struct curve_count total;
    double value;
    struct curve_count below; /* values smaller than `value` */
    struct curve_count upto;  /* values up to `value` */
    size_t next_quantile;
    size_t next_given;
};

/* Begin a curve of this many samples. Keeps the arrays of points. */
void curve_begin(struct curve *curve, struct curve_count total);
/* Add the value of a sample. Values come in ascending order. */
void curve_add(struct curve *curve, double value, uint64_t weight);
/* Fill the points that no value has reached. Without any value, quantiles stay NAN. */
void curve_end(struct curve *curve);

#endif
