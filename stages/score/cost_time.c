/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seconds from probes. Probes measure elapsed time and processor time. The processor time of
 * the run is a ratio estimate (Cochran, Sampling Techniques, 6.4), whose interval covers the
 * differences between batches. Elapsed time also depends on other processes. Their effect is
 * known for the probes, and for the last minutes from the load averages. The interval covers
 * all of these.
 */
#include <math.h>
#include <stdlib.h>

#include "base/threads/pool.h"
#include "stages/score/cost.h"

/* How much faster or slower than the quickest or slowest of these a run may be
 * (bench/estimate.py). */
static const double margin_low = 0.75, margin_high = 1.5;

/* The 97.5 % point of Student's distribution. */
static double student(size_t freedom)
{
    static const double points[] = { 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31 };

    if (freedom - 1 < sizeof points / sizeof *points)
        return points[freedom - 1];
    return 1.96 + 2.7 / (double)freedom;
}

void time_cost_add(struct time_cost *sum, const struct cost_probe *probes, size_t n,
                   double n_tokens, size_t n_threads)
{
    const size_t n_cpus = pool_cpu_count();
    const double threads = (double)(n_threads < n_cpus ? n_threads : n_cpus);
    double tokens = 0, secs = 0, cpu_secs = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        tokens += probes[i].tokens;
        secs += probes[i].secs;
        cpu_secs += probes[i].cpu_secs;
    }
    const double rate = cpu_secs / tokens / threads;
    for (size_t i = 0; i < n; i++) {
        const double off = probes[i].cpu_secs / threads - rate * probes[i].tokens;

        squares += off * off;
    }
    sum->secs += secs / tokens * n_tokens;
    sum->idle_secs += rate * n_tokens;
    if (n > 1) {
        /* Probed tokens are known, the others are uncertain. Probes start anywhere and overlap:
         * about this many tokens are in none of them. */
        const double rest = n_tokens * exp(-tokens / n_tokens);
        const double spread = sqrt(squares * (double)n / (double)(n - 1)) / tokens;
        const double half = student(n - 1) * spread * rest;

        sum->half_width_squared += half * half;
    }
}

/* How many times slower are n_threads threads if `load` other processes want to run? All get
 * the same share of the processors. */
static double slowdown_at(double load, double n_threads)
{
    const double n_cpus = (double)pool_cpu_count();
    const double most = n_threads > n_cpus ? n_threads : n_cpus;

    return n_threads + load > most ? (n_threads + load) / most : 1;
}

void time_cost_interval(const struct time_cost *cost, size_t n_threads, const double *loads,
                        size_t n_loads, double *low, double *high)
{
    const double now = cost->idle_secs > 0 ? cost->secs / cost->idle_secs : 1;
    const double half = sqrt(cost->half_width_squared);
    double least = now, most = now;

    for (size_t i = 0; i < n_loads; i++) {
        const double slowdown = slowdown_at(loads[i], (double)n_threads);

        least = fmin(least, slowdown);
        most = fmax(most, slowdown);
    }
    least = (1 + least) / 2; /* half of what slows the run down may go away */
    *low = cost->start_secs + fmax(0, cost->idle_secs - half) * least * margin_low;
    *high = cost->start_secs + (cost->idle_secs + half) * most * margin_high;
}
