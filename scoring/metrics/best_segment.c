/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which segment of its context explains a response best, on its own in the context's place.
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_best_segment(const struct observation *observation, struct score *out)
{
    size_t best = 0;

    if (observation->n_segments == 0) {
        out->reason = "too_few_segments";
        return;
    }
    for (size_t i = 1; i < observation->n_segments; i++)
        if (observation->segments[i].nll_nats < observation->segments[best].nll_nats)
            best = i;
    out->value = (double)best;
}

const struct scorer scorer_best_segment = {
    .name = "best_segment",
    .version = 1,
    .unit = "segment",
    .better = BETTER_HIGHER,
    .summary = "the segment that makes the response the least surprising",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_best_segment,
};
