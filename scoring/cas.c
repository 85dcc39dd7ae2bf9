/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATEAU's context awareness (2410.15633): the cosine between what each segment of the context
 * is worth to the response on its own, as a perplexity, and the attention the response pays it
 * in the whole. High means attention goes where the segment alone explains little: a hard
 * sample.
 */
#include <math.h>

#include "scoring/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* Attention of a few keys among a million is above 1e-6; below this there is none at all. */
static const double min_norm = 1e-12;

static void observe_cas(const struct observation *observation, struct score *out)
{
    const struct segment *segments = observation->segments;
    const size_t n = observation->n_segments;
    struct sum dot = { 0 }, ppl_square = { 0 }, attention_square = { 0 };

    if (n < 2) { /* the cosine of two single numbers is 1, whatever they are */
        out->reason = "too_few_segments";
        return;
    }
    double highest_nll = segments[0].nll_nats;
    for (size_t i = 1; i < n; i++)
        highest_nll = fmax(highest_nll, segments[i].nll_nats);
    for (size_t i = 0; i < n; i++) {
        /* All perplexities divided by the largest: no overflow, and the cosine is the same. */
        const double ppl = exp(segments[i].nll_nats - highest_nll);
        const double attention = segments[i].attention;

        sum_add(&dot, ppl * attention);
        sum_add(&ppl_square, ppl * ppl);
        sum_add(&attention_square, attention * attention);
    }
    const double norm = sqrt(sum_value(&attention_square));
    if (norm < min_norm)
        out->reason = "zero_attention";
    else
        out->value = fmin(sum_value(&dot) / (sqrt(sum_value(&ppl_square)) * norm), 1.0);
}

const struct scorer scorer_cas = {
    .name = "cas",
    .version = 1,
    .unit = "cosine",
    .better = BETTER_HIGHER,
    .summary = "cosine of segment perplexity and the attention paid to the segment",
    .needs = NEED_SEGMENTS,
    .observe = observe_cas,
};
