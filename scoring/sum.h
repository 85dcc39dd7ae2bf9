/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sum.h - a running sum that does not lose small terms beside large ones (Neumaier's form of
 * Kahan's compensation). A zeroed struct is the empty sum.
 */
#ifndef CURATE_SUM_H
#define CURATE_SUM_H

#include <math.h>

struct sum {
    double total;
    double lost; /* what rounding took from total so far */
};

static inline void sum_add(struct sum *sum, double term)
{
    const double next = sum->total + term;

    if (fabs(sum->total) >= fabs(term))
        sum->lost += (sum->total - next) + term;
    else
        sum->lost += (term - next) + sum->total;
    sum->total = next;
}

static inline double sum_value(const struct sum *sum)
{
    return sum->total + sum->lost;
}

#endif
