/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATEAU's homologous models' perplexity score (2410.15633): how much harder the response is
 * for the model with the short window than for the one with the long window, each perplexity
 * put on the scale of its model over the pool.
 */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/scorer.h"

/* One model's numbers, from 0 to 1. Where outliers are to be clipped they are clipped here,
 * too: it is here that one of them presses all others together. */
static int scale(const struct scorer_options *options, const double *nll_nats, size_t n,
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

static int rank_hmp(const struct scorer_options *options, const double *const *inputs, size_t n,
                    double *out, struct error *err)
{
    double *with_long = calloc(n, sizeof *with_long);
    int rc = -1;

    if (!with_long)
        return error_nomem(err);
    if (scale(options, inputs[0], n, out, err) < 0 ||
        scale(options, inputs[1], n, with_long, err) < 0)
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
