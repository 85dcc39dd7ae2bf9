/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long-dependency score of ProLong (2405.17915): how much the segments of a document help to
 * predict each other. Distant pairs count more, and so do segments that are helped by
 * particular segments rather than by all of them alike.
 */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* Weaker dependencies count as 0. */
static const double min_strength = 0.1;
/* Distances are divided by the number of segments in a full window, not in this document. */
static const double window_segments = 256;

/* Decrease of segment i's perplexity when segment j stands before it. */
static double lds_gain(const struct document *document, const struct segment_pair *pair)
{
    return exp(document->single_nll_nats[pair->i]) - exp(pair->nll_nats);
}

/* How unequal the gains of one segment's pairs [first, end) are: 1 minus the entropy of their
 * softmax, divided by its maximum. 1 for a single pair. */
static double lds_specificity(const struct document *document, size_t first, size_t end)
{
    const double most = log((double)(end - first));
    double highest = -INFINITY;
    struct sum sum = { 0 }, weighed = { 0 };

    if (end - first == 1)
        return 1;
    for (size_t p = first; p < end; p++)
        highest = fmax(highest, lds_gain(document, &document->pairs[p]));
    for (size_t p = first; p < end; p++) {
        const double gain = lds_gain(document, &document->pairs[p]) - highest;

        sum_add(&sum, exp(gain));
        sum_add(&weighed, exp(gain) * gain);
    }
    const double entropy = log(sum_value(&sum)) - sum_value(&weighed) / sum_value(&sum);
    return fmin(fmax((most - entropy) / most, 0), 1);
}

static double lds_dependency(const struct document *document, const struct segment_pair *pair)
{
    const double strength = lds_gain(document, pair) / exp(document->single_nll_nats[pair->i]);
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
            sum_add(&of_segment, lds_dependency(document, &document->pairs[end]));
        }
        sum_add(&lds, sum_value(&of_segment) * lds_specificity(document, first, end));
    }
    out->value = sum_value(&lds);
}

const struct scorer scorer_lds = {
    .name = "lds",
    .version = 1,
    .unit = "sum",
    .better = BETTER_HIGHER,
    .summary = "long-dependency score: how much the context's segments predict each other",
    .needs = NEED_PAIRS,
    .about = ABOUT_DOCUMENT,
    .observe = observe_lds,
};
