/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seconds from probes: a ratio estimate (Cochran, Sampling Techniques, 6.4), whose interval
 * says how much batches differ. On top comes how much the speed of a machine differs between
 * two runs of a few seconds (bench/estimate.py). What else the machine will do later is
 * unknown.
 */
#include <math.h>

#include "stages/score/cost.h"

static const double unrest = 0.05; /* share: half the interval of a machine's speed */

/* The 97.5 % point of Student's distribution. */
static double student(size_t freedom)
{
    static const double points[] = { 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31 };

    if (freedom - 1 < sizeof points / sizeof *points)
        return points[freedom - 1];
    return 1.96 + 2.7 / (double)freedom;
}

void time_cost_add(struct time_cost *sum, const struct cost_probe *probes, size_t n,
                   double n_tokens)
{
    double tokens = 0, secs = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        tokens += probes[i].tokens;
        secs += probes[i].secs;
    }
    const double rate = secs / tokens;
    for (size_t i = 0; i < n; i++) {
        const double off = probes[i].secs - rate * probes[i].tokens;

        squares += off * off;
    }
    /* Probed tokens are known, the others are uncertain. Probes start anywhere and overlap:
     * about this many tokens are in none of them. */
    const double rest = n_tokens * exp(-tokens / n_tokens);
    sum->secs += rate * n_tokens;
    sum->half_squared += unrest * rate * n_tokens * unrest * rate * n_tokens;
    if (n > 1) {
        const double spread = sqrt(squares * (double)n / (double)(n - 1)) / tokens;
        const double half = student(n - 1) * spread * rest;

        sum->half_squared += half * half;
    }
}
