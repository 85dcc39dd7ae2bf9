/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the far part of the context is worth to one model: hmp without a second model. The
 * logarithm of a ratio of perplexities, so that it needs no pool to be put on a scale.
 */
#include "scoring/scorer.h"

static void derive_ppl_gap(const struct score *inputs, struct score *out)
{
    out->value = inputs[0].value - inputs[1].value;
}

const struct scorer scorer_ppl_gap = {
    .name = "ppl_gap",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_HIGHER,
    .summary = "what is lost with only the end of the context: nll_near - nll",
    .inputs = { { "nll_near", SCORER_MODEL }, { "nll", SCORER_MODEL } },
    .derive = derive_ppl_gap,
};
