/* SPDX-License-Identifier: Apache-2.0 */
/* The perplexity itself, for reading; what is ranked or derived is better made of nll. */
#include <math.h>

#include "scoring/scorer.h"

/* ln of the largest double is 709.78. */
static const double max_exponent = 709;

static void derive_ppl(const struct score *inputs, struct score *out)
{
    if (inputs[0].value > max_exponent)
        out->reason = "ppl_overflow";
    else
        out->value = exp(inputs[0].value);
}

const struct scorer scorer_ppl = {
    .name = "ppl",
    .version = 1,
    .unit = "perplexity",
    .better = BETTER_LOWER,
    .summary = "perplexity of the response given the prompt",
    .inputs = { { "nll", SCORER_MODEL } },
    .derive = derive_ppl,
};
