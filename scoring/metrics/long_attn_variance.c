/* SPDX-License-Identifier: Apache-2.0 */
/* LongAttn (2502.16860): how uneven the far attention of the first layer is. */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_long_attn_variance(const struct observation *observation, struct score *out)
{
    out->value = observation->document.reach[1];
}

const struct scorer scorer_long_attn_variance = {
    .name = "long_attn_variance",
    .version = 1,
    .unit = "probability^2",
    .better = BETTER_LOWER,
    .summary = "variance of the first layer's attention, as far as it is far",
    .needs = NEED_REACH,
    .about = ABOUT_DOCUMENT,
    .observe = observe_long_attn_variance,
};
