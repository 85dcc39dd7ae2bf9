/* SPDX-License-Identifier: Apache-2.0 */
/* Bits per byte: comparable between models whose tokens differ in size (2409.05816). */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_bpb(const struct observation *observation, struct score *out)
{
    const double nats = observation->nll_nats * (double)observation->n_response_tokens;

    out->reason = observation->nll_reason;
    out->value = nats / log(2) / (double)observation->n_response_bytes;
}

const struct scorer scorer_bpb = {
    .name = "bpb",
    .version = 1,
    .unit = "bits/byte",
    .better = BETTER_LOWER,
    .summary = "bits that a byte of the response takes, given the prompt",
    .needs = NEED_NLL,
    .observe = observe_bpb,
};
