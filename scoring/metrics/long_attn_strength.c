/* SPDX-License-Identifier: Apache-2.0 */
/* LongAttn (2502.16860): how much the first layer looks far back. */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_long_attn_strength(const struct observation *observation, struct score *out)
{
    out->value = observation->document.reach[0];
}

const struct scorer scorer_long_attn_strength = {
    .name = "long_attn_strength",
    .version = 1,
    .unit = "probability",
    .better = BETTER_HIGHER,
    .summary = "attention of the first layer at a quarter of the context's length or more",
    .needs = NEED_REACH,
    .about = ABOUT_DOCUMENT,
    .observe = observe_long_attn_strength,
};
