/* SPDX-License-Identifier: Apache-2.0 */
/* LongAttn (2502.16860): strength less half the unevenness, each on the scale of the pool. */
#include <math.h>

#include "scoring/scorer.h"

static const double variance_weight = 0.5;

static double scaled(const struct pool_input *input, double min, double max, size_t i)
{
    return max > min ? (input->values[i] - min) / (max - min) : 0.5;
}

static int pool_long_attn(const struct pool_options *options, const struct pool_input *inputs,
                          size_t n, struct score *out, struct error *err)
{
    double min[2], max[2];

    (void)options;
    (void)err;
    for (int j = 0; j < 2; j++) {
        min[j] = max[j] = inputs[j].values[0];
        for (size_t i = 1; i < n; i++) {
            min[j] = fmin(min[j], inputs[j].values[i]);
            max[j] = fmax(max[j], inputs[j].values[i]);
        }
    }
    for (size_t i = 0; i < n; i++)
        out[i].value = scaled(&inputs[0], min[0], max[0], i) -
                       variance_weight * scaled(&inputs[1], min[1], max[1], i);
    return 0;
}

const struct scorer scorer_long_attn = {
    .name = "long_attn",
    .version = 1,
    .unit = "difference",
    .better = BETTER_HIGHER,
    .summary = "long_attn_strength less half of long_attn_variance, each min-maxed",
    .inputs = { { "long_attn_strength", SCORER_MODEL },
                { "long_attn_variance", SCORER_MODEL } },
    .pool = pool_long_attn,
};
