/* SPDX-License-Identifier: Apache-2.0 */
/*
 * InstructMining (2307.06290), first version of July 2023: the logarithm of the loss that
 * training on such samples is predicted to end with, by a linear fit over indicators.
 */
#include "scoring/scorer.h"

static int pool_instruct_mining_v1(const struct pool_options *options,
                                   const struct pool_input *inputs, size_t n, struct score *out,
                                   struct error *err)
{
    const double *reward = inputs[0].values;
    const double *length = inputs[1].values;
    const double *knn = inputs[2].values;

    (void)options;
    (void)err;
    for (size_t i = 0; i < n; i++)
        out[i].value = 1.0694 - 0.1498 * reward[i] + 8.257e-5 * length[i] - 0.9350 * knn[i];
    return 0;
}

const struct scorer scorer_instruct_mining_v1 = {
    .name = "instruct_mining_v1",
    .version = 1,
    .unit = "ln loss",
    .better = BETTER_LOWER,
    .summary = "predicted loss by reward (imported), response_tokens and knn",
    .takes_neighbour = true,
    .inputs = { { "reward", SCORER_IMPORTED },
                { "response_tokens", SCORER_MODEL },
                { "knn", SCORER_MODEL } },
    .pool = pool_instruct_mining_v1,
};
