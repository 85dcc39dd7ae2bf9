/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/normalise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/sum.h"

/* The fewest values of which the lowest and the highest are clipped: three values stay. */
enum { CLIPPED_FROM = 5 };

static double lowest(const double *values, size_t n)
{
    double min = values[0];

    for (size_t i = 1; i < n; i++)
        if (values[i] < min)
            min = values[i];
    return min;
}

static double highest(const double *values, size_t n)
{
    double max = values[0];

    for (size_t i = 1; i < n; i++)
        if (values[i] > max)
            max = values[i];
    return max;
}

const char *normalise_obstacle(const double *const *inputs, size_t n_inputs, size_t n)
{
    const char *reason = "all_equal";

    for (size_t j = 0; j < n_inputs; j++)
        if (lowest(inputs[j], n) != highest(inputs[j], n))
            return NULL;
    if (n == 1)
        reason = "cohort_of_one";
    return reason;
}

void normalise_minmax_ppl(const double *nll_nats, size_t n, double *out)
{
    const double min = lowest(nll_nats, n);
    const double max = highest(nll_nats, n);
    /* 1 - exp(min - max), without cancellation when both are close. */
    const double width = -expm1(min - max);

    for (size_t i = 0; i < n; i++) {
        const double nll = nll_nats[i];

        /* Numerator and denominator are divided by exp(max), so no exponent is above 0. */
        out[i] = width > 0 ? exp(nll - max) * -expm1(min - nll) / width : 0.5;
    }
}

static int compare_values(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Return a sorted copy, which the caller frees; NULL if memory runs out. */
static double *sorted_copy(const double *values, size_t n)
{
    double *sorted = malloc((n ? n : 1) * sizeof *sorted);

    if (!sorted)
        return NULL;
    if (n > 0)
        memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_values);
    return sorted;
}

/* A sum in ascending order is the same for any order of the samples. */
static double sum_sorted(const double *sorted, size_t n)
{
    struct sum sum = { 0 };

    for (size_t i = 0; i < n; i++)
        sum_add(&sum, sorted[i]);
    return sum_value(&sum);
}

void normalise_minmax(const double *values, size_t n, double *out)
{
    const double min = lowest(values, n);
    const double width = highest(values, n) - min;

    for (size_t i = 0; i < n; i++)
        out[i] = width > 0 ? (values[i] - min) / width : 0.5;
}

int normalise_softmax(const double *values, size_t n, double *out, struct error *err)
{
    const double max = highest(values, n);

    for (size_t i = 0; i < n; i++)
        out[i] = exp(values[i] - max);
    double *sorted = sorted_copy(out, n);
    if (!sorted)
        return error_nomem(err);
    const double sum = sum_sorted(sorted, n);
    for (size_t i = 0; i < n; i++)
        out[i] /= sum;
    free(sorted);
    return 0;
}

/* The index of the first element that is not less than the value. */
static size_t lower_bound(const double *sorted, size_t n, double value)
{
    size_t low = 0, high = n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* shared[i] becomes the mean rank of all values that count as equal to sorted[i]. */
static void share_ranks(const double *sorted, size_t n, double *shared)
{
    const double tolerance = 1e-12;
    size_t end;

    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && sorted[end] - sorted[end - 1] <= tolerance; end++)
            ;
        for (size_t j = i; j < end; j++)
            shared[j] = ((double)i + (double)(end - 1)) / 2;
    }
}

int normalise_rank(const double *values, size_t n, double *out, struct error *err)
{
    double *sorted = sorted_copy(values, n);
    double *shared = calloc(n, sizeof *shared);
    int rc = -1;

    if (!sorted || !shared) {
        error_nomem(err);
        goto done;
    }
    share_ranks(sorted, n, shared);
    for (size_t i = 0; i < n; i++)
        out[i] = n > 1 ? shared[lower_bound(sorted, n, values[i])] / (double)(n - 1) : 0.5;
    rc = 0;
done:
    free(sorted);
    free(shared);
    return rc;
}

int normalise_zscore(const double *values, size_t n, double *out, struct error *err)
{
    double *sorted = sorted_copy(values, n);

    if (!sorted)
        return error_nomem(err);
    const bool equal = sorted[0] == sorted[n - 1];
    const double mean = sum_sorted(sorted, n) / (double)n;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (sorted[i] - mean) * (sorted[i] - mean);
    qsort(sorted, n, sizeof *sorted, compare_values);
    const double deviation = sqrt(sum_sorted(sorted, n) / (double)n);
    for (size_t i = 0; i < n; i++)
        out[i] = equal || deviation == 0 ? 0 : (values[i] - mean) / deviation;
    free(sorted);
    return 0;
}

int normalise_clip(const double *values, size_t n, double *out, struct error *err)
{
    const size_t least = n >= CLIPPED_FROM ? 1 : 0;
    const size_t percentile = (n - 1) / 100;
    const size_t low = percentile > least ? percentile : least;
    double *sorted = sorted_copy(values, n);

    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        out[i] = fmin(fmax(values[i], sorted[low]), sorted[n - 1 - low]);
    free(sorted);
    return 0;
}

int normalise_robust(const double *values, size_t n, double *out, struct error *err)
{
    if (normalise_clip(values, n, out, err) < 0)
        return -1;
    normalise_minmax(out, n, out);
    return 0;
}

const char *const normaliser_names[] = {
    [NORMALISE_SOFTMAX] = "softmax",
    [NORMALISE_MINMAX] = "minmax",
    [NORMALISE_RANK] = "rank",
    [NORMALISE_ZSCORE] = "zscore",
    [NORMALISE_ROBUST] = "robust",
    [NORMALISE_GATEAU_CODE] = "gateau-code",
    [NORMALISERS] = NULL,
};

const char *normaliser_name(enum normaliser normaliser)
{
    return normaliser_names[normaliser];
}

bool normaliser_find(const char *name, enum normaliser *out)
{
    for (size_t i = 0; i < NORMALISERS; i++) {
        if (strcmp(normaliser_names[i], name) != 0)
            continue;
        *out = (enum normaliser)i;
        return true;
    }
    return false;
}

int normalise(enum normaliser normaliser, const double *values, size_t n, double *out,
              struct error *err)
{
    switch (normaliser) {
    case NORMALISE_MINMAX:
        normalise_minmax(values, n, out);
        return 0;
    case NORMALISE_RANK:
        return normalise_rank(values, n, out, err);
    case NORMALISE_ZSCORE:
        return normalise_zscore(values, n, out, err);
    case NORMALISE_ROBUST:
        return normalise_robust(values, n, out, err);
    case NORMALISE_SOFTMAX:
    case NORMALISE_GATEAU_CODE:
    case NORMALISERS:
        break;
    }
    return normalise_softmax(values, n, out, err);
}
