/* SPDX-License-Identifier: Apache-2.0 */
#include "store/profile_curve.h"

#include <math.h>

void curve_begin(struct curve *curve, struct curve_count total)
{
    curve->total = total;
    curve->value = NAN;
    curve->below = curve->upto = (struct curve_count){ 0 };
    curve->next_quantile = curve->next_given = 0;
    for (size_t i = 0; i < curve->n_quantiles; i++)
        curve->quantiles[i] = (struct curve_point){ .threshold = NAN };
    for (size_t i = 0; i < curve->n_given; i++)
        curve->given[i].least = curve->given[i].most = (struct curve_count){ 0 };
}

static void set_point(const struct curve *curve, struct curve_point *point,
                      struct curve_count below, struct curve_count upto)
{
    point->least = (struct curve_count){ curve->total.samples - below.samples,
                                         curve->total.weight - below.weight };
    point->most = upto;
}

/* The rank of the quantile among the values, from 1. n is below 2^57, or SQLite could not count
 * the rows. */
static uint64_t rank_of(size_t percent, uint64_t n)
{
    const uint64_t rank = (percent * n + 99) / 100;

    return rank > 0 ? rank : 1;
}

/* All samples with the current value are counted: fill the points that it decides. */
static void close_value(struct curve *curve)
{
    const uint64_t n = curve->total.samples;

    while (curve->next_quantile < curve->n_quantiles &&
           rank_of(curve->next_quantile, n) <= curve->upto.samples) {
        struct curve_point *point = &curve->quantiles[curve->next_quantile++];

        point->threshold = curve->value;
        set_point(curve, point, curve->below, curve->upto);
    }
    while (curve->next_given < curve->n_given &&
           curve->given[curve->next_given].threshold <= curve->value) {
        struct curve_point *point = &curve->given[curve->next_given++];

        set_point(curve, point, curve->below,
                  point->threshold < curve->value ? curve->below : curve->upto);
    }
}

void curve_add(struct curve *curve, double value, uint64_t weight)
{
    if (curve->upto.samples > 0 && value != curve->value) {
        close_value(curve);
        curve->below = curve->upto;
    }
    curve->value = value;
    curve->upto.samples++;
    curve->upto.weight += weight;
}

void curve_end(struct curve *curve)
{
    if (curve->upto.samples > 0)
        close_value(curve);
    for (; curve->next_given < curve->n_given; curve->next_given++)
        set_point(curve, &curve->given[curve->next_given], curve->upto, curve->upto);
}
