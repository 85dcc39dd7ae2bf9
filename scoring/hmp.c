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

static int rank_hmp(const struct scorer_options *options, const double *const *inputs, size_t n,
                    double *out, struct error *err)
{
    double *with_long = calloc(n, sizeof *with_long);

    (void)options;
    if (!with_long)
        return error_nomem(err);
    normalise_minmax_ppl(inputs[0], n, out);
    normalise_minmax_ppl(inputs[1], n, with_long);
    for (size_t i = 0; i < n; i++)
        out[i] -= with_long[i];
    free(with_long);
    return 0;
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
