/* SPDX-License-Identifier: Apache-2.0 */
/* nll with the last near_tokens tokens of the context in the context's place. */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_nll_near(const struct observation *observation, struct score *out)
{
    out->value = observation->nll_near_nats;
}

const struct scorer scorer_nll_near = {
    .name = "nll_near",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "nll with only the end of the context",
    .needs = NEED_NLL_NEAR,
    .observe = observe_nll_near,
};
