/* SPDX-License-Identifier: Apache-2.0 */
/* How much the response depends on its context. */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

/* Like nll, but only the context's last near_tokens tokens are shown to the model. */
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

/* The value of the far part of the context, like hmp but with one model. It is the logarithm of
 * a ratio of perplexities, so it needs no normalisation over a pool. */
static void derive_ppl_gap(const struct score *inputs, struct score *out)
{
    out->value = inputs[0].value - inputs[1].value;
}

const struct scorer scorer_ppl_gap = {
    .name = "ppl_gap",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_HIGHER,
    .summary = "increase of nll with only the end of the context: nll_near - nll",
    .inputs = { { "nll_near", SCORER_MODEL }, { "nll", SCORER_MODEL } },
    .derive = derive_ppl_gap,
};

/* Context dependency as 2411.02688 defines it. */
static void observe_context_dependency(const struct observation *observation, struct score *out)
{
    out->reason = observation->user_reason;
    out->value = observation->user_mass;
}

const struct scorer scorer_context_dependency = {
    .name = "context_dependency",
    .version = 1,
    .unit = "probability",
    .better = BETTER_HIGHER,
    .summary = "attention of the response to the user's text, in the head with the most",
    .needs = NEED_USER_MASS,
    .observe = observe_context_dependency,
};
