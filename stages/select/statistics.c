/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/selection/order.h"
#include "scoring/sum.h"

const char *const statistics_quantile_names[] = { "p5", "p25", "median", "p75", "p95" };

static const unsigned percents[STATISTICS_QUANTILES] = { 5, 25, 50, 75, 95 };

/* Of the radix sort. The number of passes is even, so that the result is where the values were.
 */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 6 };

/* A value and where it stands in the order of merits. */
struct ranked_value {
    double value;
    double rank; /* from 0, for the best; of equal merits the mean */
    bool is_selected;
};

/* An unsigned number in the order of the values. */
static uint64_t key_of(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

/* Sort by value; equal values stay in the order of their ranks. A radix sort, because qsort()
 * took most of the time that a million samples needed. */
static void sort_ranked(struct ranked_value *values, struct ranked_value *scratch, size_t n)
{
    for (unsigned shift = 0; shift < PASSES * DIGIT_BITS; shift += DIGIT_BITS) {
        size_t places[DIGITS] = { 0 };
        size_t place = 0;

        for (size_t i = 0; i < n; i++)
            places[key_of(values[i].value) >> shift & (DIGITS - 1)]++;
        for (size_t d = 0; d < DIGITS; d++) {
            const size_t count = places[d];

            places[d] = place;
            place += count;
        }
        for (size_t i = 0; i < n; i++)
            scratch[places[key_of(values[i].value) >> shift & (DIGITS - 1)]++] = values[i];
        struct ranked_value *sorted = scratch;
        scratch = values;
        values = sorted;
    }
}

/* List the values of the pool with their ranks among those that have a value. */
static size_t list_values(const struct statistics_pool *pool, const double *values,
                          struct ranked_value *out)
{
    size_t n = 0, first_equal = 0;
    double merit = NAN;

    for (size_t i = 0; i < pool->n_order; i++) {
        const uint32_t candidate = pool->order[i];

        if (isnan(values[candidate]))
            continue;
        if (pool->merits[candidate] != merit)
            first_equal = n;
        merit = pool->merits[candidate];
        /* + 0.0 makes 0 of -0, which are equal but have other bits. */
        out[n++] = (struct ranked_value){ .value = values[candidate] + 0.0,
                                          .rank = (double)first_equal,
                                          .is_selected = pool->selected[candidate] != 0 };
    }
    /* So far equal merits have the first of their ranks. */
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;

        while (end < n && out[end].rank == out[i].rank)
            end++;
        const double mean = ((double)i + (double)(end - 1)) / 2;
        for (; i < end; i++)
            out[i].rank = mean;
    }
    return n;
}

static void sum_up(const struct ranked_value *sorted, size_t n, bool all,
                   struct value_statistics *out)
{
    struct sum sum = { 0 };
    size_t n_of = 0, seen = 0, next = 0;

    for (size_t i = 0; i < n; i++)
        n_of += all || sorted[i].is_selected;
    *out = (struct value_statistics){ .n = n_of, .mean = NAN };
    for (size_t q = 0; q < STATISTICS_QUANTILES; q++)
        out->quantiles[q] = NAN;
    for (size_t i = 0; i < n; i++) {
        if (!all && !sorted[i].is_selected)
            continue;
        sum_add(&sum, sorted[i].value);
        seen++;
        while (next < STATISTICS_QUANTILES && 100 * seen >= percents[next] * n_of)
            out->quantiles[next++] = sorted[i].value;
    }
    if (n_of > 0)
        out->mean = sum_value(&sum) / (double)n_of;
}

/* Pearson's correlation of the ranks by value, which are the places in the sorted list, and by
 * merit. */
static double correlate(const struct ranked_value *sorted, size_t n)
{
    struct sum both = { 0 }, by_value = { 0 }, by_merit = { 0 };
    const double middle = ((double)n - 1) / 2, scale = (double)n;

    for (size_t i = 0; i < n;) {
        size_t end = i + 1;

        while (end < n && sorted[end].value == sorted[i].value)
            end++;
        const double x = (((double)i + (double)(end - 1)) / 2 - middle) / scale;
        for (; i < end; i++) {
            const double y = (middle - sorted[i].rank) / scale;

            sum_add(&both, x * y);
            sum_add(&by_value, x * x);
            sum_add(&by_merit, y * y);
        }
    }
    const double norm = sqrt(sum_value(&by_value)) * sqrt(sum_value(&by_merit));
    return norm > 0 ? fmax(fmin(sum_value(&both) / norm, 1), -1) : NAN;
}

int statistics_of(const struct statistics_pool *pool, const double *values,
                  struct statistics *out, struct error *err)
{
    struct ranked_value *sorted = calloc(2 * pool->n_order + 1, sizeof *sorted);

    if (!sorted)
        return error_nomem(err);
    const size_t n = list_values(pool, values, sorted);
    sort_ranked(sorted, sorted + n, n);
    sum_up(sorted, n, true, &out->pool);
    sum_up(sorted, n, false, &out->selected);
    out->spearman = correlate(sorted, n);
    free(sorted);
    return 0;
}

int statistics_overlap(const struct statistics_pool *pool, const double *merits,
                       size_t n_selected, double *out, struct error *err)
{
    double *of_pool = calloc(pool->n_candidates + 1, sizeof *of_pool);
    uint32_t *order = calloc(pool->n_candidates + 1, sizeof *order);
    size_t n = 0, n_both = 0;
    int rc = -1;

    if (!of_pool || !order) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < pool->n_candidates; i++)
        of_pool[i] = NAN;
    for (size_t i = 0; i < pool->n_order; i++)
        of_pool[pool->order[i]] = merits[pool->order[i]];
    if (order_by_value(of_pool, pool->n_candidates, order, &n, err) < 0)
        goto done;
    for (size_t i = 0; i < n && i < n_selected; i++)
        n_both += pool->selected[order[i]];
    *out = n_selected > 0 ? (double)n_both / (double)n_selected : NAN;
    rc = 0;
done:
    free(of_pool);
    free(order);
    return rc;
}
