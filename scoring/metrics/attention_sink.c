/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first segment's share of the attention that a response pays to its context. First tokens
 * collect attention for being first (the sink), whatever they say.
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* All that the response pays to the context: the mean of each segment is over its keys. */
static double mass(const struct segment *segment)
{
    return segment->attention * (double)(segment->tok_end - segment->tok_start);
}

static void observe_attention_sink(const struct observation *observation, struct score *out)
{
    struct sum total = { 0 };

    if (observation->n_segments < 2) {
        out->reason = "too_few_segments";
        return;
    }
    for (size_t i = 0; i < observation->n_segments; i++)
        sum_add(&total, mass(&observation->segments[i]));
    if (sum_value(&total) < 1e-12)
        out->reason = "zero_attention";
    else
        out->value = mass(&observation->segments[0]) / sum_value(&total);
}

const struct scorer scorer_attention_sink = {
    .name = "attention_sink",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_LOWER,
    .summary = "the first segment's share of the attention paid to the context",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_attention_sink,
};
