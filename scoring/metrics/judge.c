/* SPDX-License-Identifier: Apache-2.0 */
/* The mean of a judge's marks 1 to 6 under their probabilities, as DEITA (2312.15685) has it.
 */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_rating(const struct observation *observation, struct score *out)
{
    const double *nll = observation->rating.nll_nats;
    double least = nll[0], sum = 0, weighed = 0;

    for (int i = 1; i < ANSWERS_MAX; i++)
        least = fmin(least, nll[i]);
    for (int i = 0; i < ANSWERS_MAX; i++) {
        const double probability = exp(least - nll[i]);

        sum += probability;
        weighed += (i + 1) * probability;
    }
    out->value = weighed / sum;
}

const struct scorer scorer_rating = {
    .name = "rating",
    .version = 1,
    .unit = "mark",
    .better = BETTER_HIGHER,
    .summary = "the mark from 1 to 6 that the model gives to --question",
    .needs = NEED_RATING,
    .about = ABOUT_QUESTION,
    .observe = observe_rating,
};
