/* SPDX-License-Identifier: Apache-2.0 */
/* The scores that GATEAU (2410.15633) computes over a cohort: hmp, and gateau of hmp and cas.
 * The metric cas, which looks at one sample only, is in segments.c. */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/scorer.h"

/* Scale one model's NLLs to 0..1. The normaliser `robust` clips outliers already here, because
 * min-max scaling would let one outlier press all other values together. */
static int hmp_scale(const struct scorer_options *options, const double *nll_nats, size_t n,
                     double *out, struct error *err)
{
    if (options->normaliser == NORMALISE_ROBUST) {
        if (normalise_clip(nll_nats, n, out, err) < 0)
            return -1;
        nll_nats = out;
    }
    if (options->log_ppl)
        normalise_minmax(nll_nats, n, out);
    else
        normalise_minmax_ppl(nll_nats, n, out);
    return 0;
}

/* Homologous models' perplexity score: how much harder the response is for the model with the
 * short window than for the one with the long window. */
static int rank_hmp(const struct scorer_options *options, const double *const *inputs, size_t n,
                    double *out, struct error *err)
{
    double *with_long = calloc(n, sizeof *with_long);
    int rc = -1;

    if (!with_long)
        return error_nomem(err);
    if (hmp_scale(options, inputs[0], n, out, err) < 0 ||
        hmp_scale(options, inputs[1], n, with_long, err) < 0)
        goto done;
    for (size_t i = 0; i < n; i++)
        out[i] -= with_long[i];
    rc = 0;
done:
    free(with_long);
    return rc;
}

const struct scorer scorer_hmp = {
    .name = "hmp",
    .version = 1,
    .unit = "difference",
    .better = BETTER_HIGHER,
    .summary = "perplexity under the short model minus that under the long one, each min-maxed",
    .inputs = { { "nll", SCORER_SHORT_MODEL }, { "nll", SCORER_MODEL } },
    .rank = rank_hmp,
};

/* Equation 6. The same normaliser for both inputs, so that alpha weighs like with like. */
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
