/* SPDX-License-Identifier: Apache-2.0 */
/* LongAttn (2502.16860): how much, and how evenly, the first layer attends to tokens far back
 * in the context. */
#include <math.h>

#include "scoring/normalise.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static const double variance_weight = 0.5;

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

static void observe_long_attn_variance(const struct observation *observation, struct score *out)
{
    out->value = observation->document.reach[1];
}

const struct scorer scorer_long_attn_variance = {
    .name = "long_attn_variance",
    .version = 1,
    .unit = "probability^2",
    .better = BETTER_LOWER,
    .summary = "variance of the first layer's attention at that distance",
    .needs = NEED_REACH,
    .about = ABOUT_DOCUMENT,
    .observe = observe_long_attn_variance,
};

static double long_attn_scale(const struct pool_input *input, double min, double max, size_t i)
{
    return max > min ? (input->values[i] - min) / (max - min) : 0.5;
}

/* Strength minus half the variance, each scaled to 0..1 over the pool. */
static int pool_long_attn(const struct pool_options *options, const struct pool_input *inputs,
                          size_t n, struct score *out, struct error *err)
{
    const double *const values[] = { inputs[0].values, inputs[1].values };
    const char *obstacle = normalise_obstacle(values, 2, n);
    double min[2], max[2];

    (void)options;
    (void)err;
    for (size_t i = 0; obstacle && i < n; i++)
        out[i].reason = obstacle;
    if (obstacle)
        return 0;
    for (int j = 0; j < 2; j++) {
        min[j] = max[j] = inputs[j].values[0];
        for (size_t i = 1; i < n; i++) {
            min[j] = fmin(min[j], inputs[j].values[i]);
            max[j] = fmax(max[j], inputs[j].values[i]);
        }
    }
    for (size_t i = 0; i < n; i++)
        out[i].value = long_attn_scale(&inputs[0], min[0], max[0], i) -
                       variance_weight * long_attn_scale(&inputs[1], min[1], max[1], i);
    return 0;
}

const struct scorer scorer_long_attn = {
    .name = "long_attn",
    .version = 1,
    .unit = "difference",
    .better = BETTER_HIGHER,
    .summary = "long_attn_strength minus half of long_attn_variance, each min-maxed",
    .inputs = { { "long_attn_strength", SCORER_MODEL },
                { "long_attn_variance", SCORER_MODEL } },
    .pool = pool_long_attn,
};
