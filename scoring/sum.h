/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sum.h - a running sum that compensates rounding (Neumaier's variant of Kahan summation), so
 * that small terms are not lost beside large ones. A zeroed struct is the empty sum.
 */
#ifndef CURATE_SUM_H
#define CURATE_SUM_H

#include <math.h>

struct sum {
    double total;
    double lost; /* rounding error of total so far */
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
