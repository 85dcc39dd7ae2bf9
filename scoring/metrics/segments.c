/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segments of a context, the raw material of GATEAU's context awareness (2410.15633): how
 * many there are; with it the attention that each is paid and what it is worth on its own are
 * stored, and everything made of them needs no model.
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_segments(const struct observation *observation, struct score *out)
{
    out->value = (double)observation->n_segments;
}

const struct scorer scorer_segments = {
    .name = "segments",
    .version = 1,
    .unit = "segments",
    .better = BETTER_HIGHER,
    .summary = "how many segments the context has, each stored with attention and NLL",
    .needs = NEED_SEGMENTS,
    .observe = observe_segments,
};
