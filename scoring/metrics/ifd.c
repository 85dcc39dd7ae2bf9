/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction-following difficulty as a ratio of perplexities, as Superfiltering (2402.00530)
 * has it: how much of the response's surprise is left when the prompt is known.
 */
#include <math.h>

#include "scoring/scorer.h"

/* ln of the largest double is 709.78. */
static const double max_exponent = 709;

static void derive_ifd(const struct score *inputs, struct score *out)
{
    /* exp(a) / exp(b), but neither perplexity has to fit a double. */
    const double log_ratio = inputs[0].value - inputs[1].value;

    if (log_ratio > max_exponent)
        out->reason = "ppl_overflow";
    else
        out->value = exp(log_ratio);
}

const struct scorer scorer_ifd = {
    .name = "ifd",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_HIGHER,
    .summary = "perplexity of the response given the prompt over that on its own",
    .inputs = { { "nll", SCORER_MODEL }, { "nll_alone", SCORER_MODEL } },
    .derive = derive_ifd,
};
