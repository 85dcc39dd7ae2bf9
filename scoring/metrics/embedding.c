/* SPDX-License-Identifier: Apache-2.0 */
/* The sample as a vector: stored beside the score, which is its length. */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

static void observe_embedding(const struct observation *observation, struct score *out)
{
    struct sum squares = { 0 };

    for (size_t i = 0; i < observation->n_pooled; i++)
        sum_add(&squares, observation->pooled[i] * observation->pooled[i]);
    out->value = sqrt(sum_value(&squares));
    if (out->value == 0)
        out->reason = "zero_embedding";
}

const struct scorer scorer_embedding = {
    .name = "embedding",
    .version = 1,
    .unit = "norm",
    .better = BETTER_HIGHER,
    .summary = "mean of the last states of the sample's tokens: its length, and the vector",
    .needs = NEED_POOLED,
    .observe = observe_embedding,
};
