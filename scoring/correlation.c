/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/correlation.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/sum.h"

/* Pearson correlation of ranks in 0..1, whose mean is 0.5 (also with equal values). */
static double correlate_ranks(const double *a, const double *b, size_t n)
{
    struct sum both = { 0 }, a_square = { 0 }, b_square = { 0 };

    for (size_t i = 0; i < n; i++) {
        const double x = a[i] - 0.5, y = b[i] - 0.5;

        sum_add(&both, x * y);
        sum_add(&a_square, x * x);
        sum_add(&b_square, y * y);
    }
    const double norm = sqrt(sum_value(&a_square)) * sqrt(sum_value(&b_square));
    return norm > 0 ? fmax(fmin(sum_value(&both) / norm, 1), -1) : NAN;
}

int correlation_spearman(const double *a, const double *b, size_t n, double *out,
                         struct error *err)
{
    double *ranks = calloc(2 * n + 1, sizeof *ranks);
    int rc = -1;

    if (!ranks)
        return error_nomem(err);
    *out = NAN;
    if (n < 2) {
        rc = 0;
    } else if (normalise_rank(a, n, ranks, err) == 0 &&
               normalise_rank(b, n, ranks + n, err) == 0) {
        *out = correlate_ranks(ranks, ranks + n, n);
        rc = 0;
    }
    free(ranks);
    return rc;
}
