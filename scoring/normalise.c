/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/normalise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/sum.h"

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

void normalise_minmax_ppl(const double *nll_nats, size_t n, double *out)
{
    const double min = lowest(nll_nats, n);
    const double max = highest(nll_nats, n);
    /* 1 - exp(min - max), without the cancellation when the two are close. */
    const double width = -expm1(min - max);

    for (size_t i = 0; i < n; i++) {
        const double nll = nll_nats[i];

        /* Numerator and denominator divided by exp(max): no exponent here is above 0. */
        out[i] = width > 0 ? exp(nll - max) * -expm1(min - nll) / width : 0.5;
    }
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;

    return (a > b) - (a < b);
}

int normalise_softmax(const double *values, size_t n, double *out, struct error *err)
{
    double *sorted = calloc(n, sizeof *sorted);
    struct sum sum = { 0 };

    if (!sorted)
        return error_nomem(err);
    const double max = highest(values, n);
    for (size_t i = 0; i < n; i++)
        sorted[i] = out[i] = exp(values[i] - max);
    /* Adding in order of size makes the sum the same for any order of the samples. */
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t i = 0; i < n; i++)
        sum_add(&sum, sorted[i]);
    for (size_t i = 0; i < n; i++)
        out[i] /= sum_value(&sum);
    free(sorted);
    return 0;
}
