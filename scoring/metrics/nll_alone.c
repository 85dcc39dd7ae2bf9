/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mean negative log-likelihood of the response on its own, after one start token, so that all
 * of the tokens nll is about are scored here, too.
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_nll_alone(const struct observation *observation, struct score *out)
{
    out->reason = observation->alone_reason;
    out->value = observation->nll_alone_nats;
    out->truncated = false; /* the context plays no part */
}

const struct scorer scorer_nll_alone = {
    .name = "nll_alone",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "mean negative log-likelihood of the response after one start token",
    .needs = NEED_NLL_ALONE,
    .observe = observe_nll_alone,
};
