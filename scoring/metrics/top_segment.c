/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which segment of its context a response pays the most attention to, a key.
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_top_segment(const struct observation *observation, struct score *out)
{
    size_t top = 0;

    if (observation->n_segments == 0) {
        out->reason = "too_few_segments";
        return;
    }
    for (size_t i = 1; i < observation->n_segments; i++)
        if (observation->segments[i].attention > observation->segments[top].attention)
            top = i;
    out->value = (double)top;
}

const struct scorer scorer_top_segment = {
    .name = "top_segment",
    .version = 1,
    .unit = "segment",
    .better = BETTER_HIGHER,
    .summary = "the segment that the response pays most attention to a key",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_top_segment,
};
