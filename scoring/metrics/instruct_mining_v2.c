/* SPDX-License-Identifier: Apache-2.0 */
/* InstructMining (2307.06290), second version of October 2023: the same by other indicators. */
#include "scoring/scorer.h"

static int pool_instruct_mining_v2(const struct pool_options *options,
                                   const struct pool_input *inputs, size_t n, struct score *out,
                                   struct error *err)
{
    const double *reward = inputs[0].values;
    const double *understandability = inputs[1].values;
    const double *naturalness = inputs[2].values;
    const double *coherence = inputs[3].values;

    (void)options;
    (void)err;
    for (size_t i = 0; i < n; i++)
        out[i].value = 0.0274 - 0.0078 * reward[i] + 0.4421 * understandability[i] -
                       0.3212 * naturalness[i] - 0.1520 * coherence[i];
    return 0;
}

const struct scorer scorer_instruct_mining_v2 = {
    .name = "instruct_mining_v2",
    .version = 1,
    .unit = "ln loss",
    .better = BETTER_LOWER,
    .summary = "predicted loss by imported reward, understandability, naturalness, coherence",
    .inputs = { { "reward", SCORER_IMPORTED },
                { "understandability", SCORER_IMPORTED },
                { "naturalness", SCORER_IMPORTED },
                { "coherence", SCORER_IMPORTED } },
    .pool = pool_instruct_mining_v2,
};
