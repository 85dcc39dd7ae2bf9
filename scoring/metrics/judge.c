/* SPDX-License-Identifier: Apache-2.0 */
/* The model as a judge: a question about the sample is appended to its dialogue as one more
 * turn, and the score is made of the probabilities of the possible answers. */
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
    .summary = "probability that the model answers --question with Yes rather than No",
    .needs = NEED_YES_NO,
    .about = ABOUT_QUESTION,
    .observe = observe_yes_probability,
};

/* The mean of the marks 1 to 6, weighted by their probabilities, as in DEITA (2312.15685). */
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
    .summary = "expected mark, 1 to 6, that the model answers to --question",
    .needs = NEED_RATING,
    .about = ABOUT_QUESTION,
    .observe = observe_rating,
};
