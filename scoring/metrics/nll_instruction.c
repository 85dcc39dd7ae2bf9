/* SPDX-License-Identifier: Apache-2.0 */
/* Mean negative log-likelihood of the instruction on its own: no template, no context. */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_nll_instruction(const struct observation *observation, struct score *out)
{
    out->value = observation->nll_instruction_nats;
}

const struct scorer scorer_nll_instruction = {
    .name = "nll_instruction",
    .version = 1,
    .unit = "nats/token",
    .better = BETTER_LOWER,
    .summary = "mean negative log-likelihood of the instruction after one start token",
    .needs = NEED_NLL_INSTRUCTION,
    .about = ABOUT_INSTRUCTION,
    .observe = observe_nll_instruction,
};
