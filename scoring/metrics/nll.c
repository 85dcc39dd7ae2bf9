/* SPDX-License-Identifier: Apache-2.0 */
/* Mean negative log-likelihood of the response given the prompt. Its exp() is the perplexity.
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_nll(const struct observation *observation, struct score *out)
{
    out->reason = observation->nll_reason;
    out->value = observation->nll_nats;
}

const struct scorer scorer_nll = {
    .name = "nll",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "mean negative log-likelihood of the response given the prompt",
    .needs = NEED_NLL,
    .observe = observe_nll,
};
