/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How evenly the attention that a response pays to its context is spread over the segments: the
 * entropy of its shares, in parts of the largest there can be.
 */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* All that the response pays to the context: the mean of each segment is over its keys. */
static double mass(const struct segment *segment)
{
    return segment->attention * (double)(segment->tok_end - segment->tok_start);
}

static void observe_attention_entropy(const struct observation *observation, struct score *out)
{
    const size_t n = observation->n_segments;
    struct sum total = { 0 }, entropy = { 0 };

    if (n < 2) {
        out->reason = "too_few_segments";
        return;
    }
    for (size_t i = 0; i < n; i++)
        sum_add(&total, mass(&observation->segments[i]));
    if (sum_value(&total) < 1e-12) {
        out->reason = "zero_attention";
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const double share = mass(&observation->segments[i]) / sum_value(&total);

        if (share > 0)
            sum_add(&entropy, -share * log(share));
    }
    out->value = fmin(sum_value(&entropy) / log((double)n), 1);
}

const struct scorer scorer_attention_entropy = {
    .name = "attention_entropy",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_HIGHER,
    .summary = "how evenly the response looks at the segments, as normalised entropy",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_attention_entropy,
};
