/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_response_tokens(const struct observation *observation, struct score *out)
{
    out->value = (double)observation->n_response_tokens;
    out->truncated = false; /* a response is never cut */
}

const struct scorer scorer_response_tokens = {
    .name = "response_tokens",
    .version = 1,
    .unit = "tokens",
    .better = BETTER_HIGHER,
    .summary = "how many tokens of the model's vocabulary the response has",
    .needs = NEED_LENGTH,
    .observe = observe_response_tokens,
};
