/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long-dependency score of ProLong (2405.17915): do the segments of a document help to predict
 * each other, at a distance, and particular ones more than others?
 */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* Dependencies weaker than this count for nothing. */
static const double min_strength = 0.1;
/* Segments of a whole window: distance is on its scale, however long this document is. */
static const double window_segments = 256;

static double gain_of(const struct document *document, const struct segment_pair *pair)
{
    return exp(document->single_nll_nats[pair->i]) - exp(pair->nll_nats);
}

/* How far from equal the gains are that pairs [first, end) of one segment bring: 1 less the
 * entropy of their softmax, over the most there could be. */
static double specificity(const struct document *document, size_t first, size_t end)
{
    const double most = log((double)(end - first));
    double highest = -INFINITY;
    struct sum sum = { 0 }, weighed = { 0 };

    if (end - first == 1)
        return 1;
    for (size_t p = first; p < end; p++)
        highest = fmax(highest, gain_of(document, &document->pairs[p]));
    for (size_t p = first; p < end; p++) {
        const double gain = gain_of(document, &document->pairs[p]) - highest;

        sum_add(&sum, exp(gain));
        sum_add(&weighed, exp(gain) * gain);
    }
    const double entropy = log(sum_value(&sum)) - sum_value(&weighed) / sum_value(&sum);
    return fmin(fmax((most - entropy) / most, 0), 1);
}

static double dependency(const struct document *document, const struct segment_pair *pair)
{
    const double strength = gain_of(document, pair) / exp(document->single_nll_nats[pair->i]);
    const double distance = (double)(pair->i - pair->j) / (window_segments - 1);

    return strength > min_strength ? strength + fmin(distance, 1) : 0;
}

static void observe_lds(const struct observation *observation, struct score *out)
{
    const struct document *document = &observation->document;
    struct sum lds = { 0 };
    size_t end;

    out->reason = document->pairs_reason;
    for (size_t first = 0; first < document->n_pairs; first = end) {
        struct sum of_segment = { 0 };

        for (end = first; end < document->n_pairs; end++) {
            if (document->pairs[end].i != document->pairs[first].i)
                break;
            sum_add(&of_segment, dependency(document, &document->pairs[end]));
        }
        sum_add(&lds, sum_value(&of_segment) * specificity(document, first, end));
    }
    out->value = sum_value(&lds);
}

const struct scorer scorer_lds = {
    .name = "lds",
    .version = 1,
    .unit = "sum",
    .better = BETTER_HIGHER,
    .summary = "long-dependency score: how the segments of the context help each other",
    .needs = NEED_PAIRS,
    .about = ABOUT_DOCUMENT,
    .observe = observe_lds,
};
