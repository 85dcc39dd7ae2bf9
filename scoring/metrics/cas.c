/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATEAU's context awareness (2410.15633): the cosine between what each segment of the context
 * is worth to the response on its own, as a perplexity, and the attention the response pays it
 * in the whole. High means attention goes where the segment alone explains little: a hard
 * sample.
 */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* Attention of a few keys among a million is above 1e-6; below this there is none at all. */
static const double min_norm = 1e-12;

/* What a segment is worth, up to a factor that a cosine does not see: perplexities are divided
 * by the largest, so that nothing overflows. */
static double importance(const struct observation *observation, size_t i, double highest_nll)
{
    const double nll = observation->segments[i].nll_nats;
    const double highest_ppl = exp(highest_nll);

    switch (observation->reading.importance) {
    case IMPORTANCE_NLL:
        return nll;
    case IMPORTANCE_SOFTMAX: /* beyond doubles, one segment has it all */
        return isfinite(highest_ppl) ? exp(exp(nll) - highest_ppl) : nll == highest_nll;
    case IMPORTANCE_PPL:
        break;
    }
    return exp(nll - highest_nll);
}

struct means {
    double importance;
    double attention;
};

/* What Pearson's correlation takes off both sides before it is a cosine. */
static struct means means_of(const struct observation *observation, size_t first,
                             double highest_nll)
{
    const double n = (double)(observation->n_segments - first);
    struct sum worth = { 0 }, attention = { 0 };

    for (size_t i = first; i < observation->n_segments; i++) {
        sum_add(&worth, importance(observation, i, highest_nll));
        sum_add(&attention, observation->segments[i].attention);
    }
    return (struct means){ sum_value(&worth) / n, sum_value(&attention) / n };
}

static void observe_cas(const struct observation *observation, struct score *out)
{
    const struct segment *segments = observation->segments;
    const size_t n = observation->n_segments;
    const size_t first = observation->reading.drop_first ? 1 : 0;
    struct sum dot = { 0 }, worth_square = { 0 }, attention_square = { 0 };
    struct means means = { 0, 0 };

    if (n < first + 2) { /* the cosine of two single numbers is 1, whatever they are */
        out->reason = "too_few_segments";
        return;
    }
    double highest_nll = segments[first].nll_nats;
    for (size_t i = first + 1; i < n; i++)
        highest_nll = fmax(highest_nll, segments[i].nll_nats);
    if (observation->reading.centred)
        means = means_of(observation, first, highest_nll);
    for (size_t i = first; i < n; i++) {
        const double worth = importance(observation, i, highest_nll) - means.importance;
        const double attention = segments[i].attention - means.attention;

        sum_add(&dot, worth * attention);
        sum_add(&worth_square, worth * worth);
        sum_add(&attention_square, attention * attention);
    }
    const double attention_norm = sqrt(sum_value(&attention_square));
    const double worth_norm = sqrt(sum_value(&worth_square));
    if (attention_norm < min_norm && observation->reading.centred)
        out->reason = "even_attention";
    else if (attention_norm < min_norm)
        out->reason = "zero_attention";
    else if (worth_norm < min_norm)
        out->reason = "even_importance";
    else
        out->value = fmax(fmin(sum_value(&dot) / (worth_norm * attention_norm), 1.0), -1.0);
}

const struct scorer scorer_cas = {
    .name = "cas",
    .version = 1,
    .unit = "cosine",
    .better = BETTER_HIGHER,
    .summary = "cosine of segment perplexity and the attention paid to the segment",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_cas,
};
