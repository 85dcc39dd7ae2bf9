/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATEAU's final score (2410.15633, equation 6): hmp and cas, both through a softmax over the
 * pool so that alpha weighs like with like.
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
    if (normalise_softmax(inputs[0], n, out, err) < 0 ||
        normalise_softmax(inputs[1], n, awareness, err) < 0)
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
    .summary = "alpha * softmax(hmp) + (1 - alpha) * softmax(cas)",
    .uses_alpha = true,
    .inputs = { { "hmp", SCORER_MODEL }, { "cas", SCORER_MODEL } },
    .rank = rank_gateau,
};
