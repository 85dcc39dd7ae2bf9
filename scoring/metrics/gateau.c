/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATEAU's final score (2410.15633, equation 6): hmp and cas, both through the same normaliser
 * over the pool so that alpha weighs like with like.
 */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/scorer.h"

static int rank_gateau(const struct scorer_options *options, const double *const *inputs,
                       size_t n, double *out, struct error *err)
{
    const double alpha = options->alpha;
    double *awareness = calloc(n, sizeof *awareness);
    int rc = -1;

    if (!awareness)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        awareness[i] = options->low_cas ? -inputs[1][i] : inputs[1][i];
    if (normalise(options->normaliser, inputs[0], n, out, err) < 0 ||
        /* The published script adds a cosine to a softmax. */
        (options->normaliser != NORMALISE_GATEAU_CODE &&
         normalise(options->normaliser, awareness, n, awareness, err) < 0))
        goto done;
    for (size_t i = 0; i < n; i++)
        out[i] = alpha * out[i] + (1 - alpha) * awareness[i];
    rc = 0;
done:
    free(awareness);
    return rc;
}

const struct scorer scorer_gateau = {
    .name = "gateau",
    .version = 1,
    .unit = "weight",
    .better = BETTER_HIGHER,
    .summary = "alpha * hmp + (1 - alpha) * cas, each normalised over the cohort",
    .inputs = { { "hmp", SCORER_MODEL }, { "cas", SCORER_MODEL } },
    .rank = rank_gateau,
};
