/* SPDX-License-Identifier: Apache-2.0 */
/* A question about the sample, put to the model as one more turn of its dialogue. */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_yes_probability(const struct observation *observation, struct score *out)
{
    const double *nll = observation->yes_or_no.nll_nats;

    out->value = 1 / (1 + exp(nll[0] - nll[1]));
}

const struct scorer scorer_yes_probability = {
    .name = "yes_probability",
    .version = 1,
    .unit = "probability",
    .better = BETTER_HIGHER,
    .summary = "that the model answers --question with Yes rather than No",
    .needs = NEED_ANSWER,
    .about = ABOUT_QUESTION,
    .observe = observe_yes_probability,
};
