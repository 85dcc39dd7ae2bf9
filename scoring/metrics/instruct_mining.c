/* SPDX-License-Identifier: Apache-2.0 */
/* InstructMining (2307.06290): a linear fit over indicators predicts the logarithm of the loss
 * after training on such samples. Two versions of the paper, two fits. */
#include "scoring/scorer.h"

/* July 2023. */
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
    .summary = "predicted loss from imported reward, response_tokens and knn",
    .uses_neighbour = true,
    .inputs = { { "reward", SCORER_IMPORTED },
                { "response_tokens", SCORER_MODEL },
                { "knn", SCORER_MODEL } },
    .pool = pool_instruct_mining_v1,
};

/* October 2023. */
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
    .summary = "predicted loss from imported reward, understandability, naturalness, coherence",
    .inputs = { { "reward", SCORER_IMPORTED },
                { "understandability", SCORER_IMPORTED },
                { "naturalness", SCORER_IMPORTED },
                { "coherence", SCORER_IMPORTED } },
    .pool = pool_instruct_mining_v2,
};
