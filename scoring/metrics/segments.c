/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segments of a context, the raw material of GATEAU's context awareness (2410.15633).
 *
 * `segments` runs the model and stores, for each segment, the response's attention to it
 * and the response's NLL with that segment for its only context. All other metrics of this file
 * read what is stored and need no model.
 */
#include <math.h>

#include "scoring/observe/observe.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* The attention to a few keys among a million is above 1e-6, so anything below this is none. */
static const double min_norm = 1e-12;
static const double min_mass = 1e-12;

static void observe_segments(const struct observation *observation, struct score *out)
{
    out->value = (double)observation->n_segments;
}

const struct scorer scorer_segments = {
    .name = "segments",
    .version = 1,
    .unit = "segments",
    .better = BETTER_HIGHER,
    .summary = "number of context segments; stores the attention and NLL of each",
    .needs = NEED_SEGMENTS,
    .observe = observe_segments,
};

/* A segment's importance up to a common factor, which does not change a cosine: perplexities
 * are divided by the largest, so that none overflows. */
static double cas_importance(const struct observation *observation, size_t i,
                             double highest_nll)
{
    const double nll = observation->segments[i].nll_nats;
    const double highest_ppl = exp(highest_nll);

    switch (observation->cas_options.importance) {
    case IMPORTANCE_NLL:
        return nll;
    case IMPORTANCE_SOFTMAX: /* when it overflows, one segment has all the weight */
        return isfinite(highest_ppl) ? exp(exp(nll) - highest_ppl) : nll == highest_nll;
    case IMPORTANCE_PPL:
        break;
    }
    return exp(nll - highest_nll);
}

struct cas_means {
    double importance;
    double attention;
};

/* Pearson's correlation is the cosine of the two sides minus these means. */
static struct cas_means cas_means(const struct observation *observation, size_t first,
                                  double highest_nll)
{
    const double n = (double)(observation->n_segments - first);
    struct sum importance = { 0 }, attention = { 0 };

    for (size_t i = first; i < observation->n_segments; i++) {
        sum_add(&importance, cas_importance(observation, i, highest_nll));
        sum_add(&attention, observation->segments[i].attention);
    }
    return (struct cas_means){ sum_value(&importance) / n, sum_value(&attention) / n };
}

/*
 * GATEAU's context awareness score: the cosine between each segment's importance and the
 * attention it gets. Importance is the response's perplexity with the segment for its only
 * context, so a high score means that attention goes to segments that explain little on their
 * own: a hard sample.
 */
static void observe_cas(const struct observation *observation, struct score *out)
{
    const struct segment *segments = observation->segments;
    const size_t n = observation->n_segments;
    const size_t first = observation->cas_options.drop_first ? 1 : 0;
    struct sum dot = { 0 }, importance_square = { 0 }, attention_square = { 0 };
    struct cas_means means = { 0, 0 };

    if (n < first + 2) { /* the cosine of two single numbers is always 1 */
        out->reason = "too_few_segments";
        return;
    }
    double highest_nll = segments[first].nll_nats;
    for (size_t i = first + 1; i < n; i++)
        highest_nll = fmax(highest_nll, segments[i].nll_nats);
    if (observation->cas_options.centred)
        means = cas_means(observation, first, highest_nll);
    for (size_t i = first; i < n; i++) {
        const double importance =
            cas_importance(observation, i, highest_nll) - means.importance;
        const double attention = segments[i].attention - means.attention;

        sum_add(&dot, importance * attention);
        sum_add(&importance_square, importance * importance);
        sum_add(&attention_square, attention * attention);
    }
    const double attention_norm = sqrt(sum_value(&attention_square));
    const double importance_norm = sqrt(sum_value(&importance_square));
    if (attention_norm < min_norm && observation->cas_options.centred)
        out->reason = "even_attention";
    else if (attention_norm < min_norm)
        out->reason = "zero_attention";
    else if (importance_norm < min_norm)
        out->reason = "even_importance";
    else
        out->value =
            fmax(fmin(sum_value(&dot) / (importance_norm * attention_norm), 1.0), -1.0);
}

const struct scorer scorer_cas = {
    .name = "cas",
    .version = 1,
    .unit = "cosine",
    .better = BETTER_HIGHER,
    .summary = "cosine of the segments' perplexities and the attention to the segments",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_cas,
};

/* The attention to all keys of a segment; segment->attention is the mean per key. */
static double segment_mass(const struct segment *segment)
{
    return segment->attention * (double)(segment->tok_end - segment->tok_start);
}

/* The attention to all segments; 0 and a reason when there are too few segments or none of them
 * gets attention. */
static double total_segment_mass(const struct observation *observation, struct score *out)
{
    struct sum total = { 0 };

    if (observation->n_segments < 2) {
        out->reason = "too_few_segments";
        return 0;
    }
    for (size_t i = 0; i < observation->n_segments; i++)
        sum_add(&total, segment_mass(&observation->segments[i]));
    if (sum_value(&total) < min_mass)
        out->reason = "zero_attention";
    return sum_value(&total);
}

/* Entropy of the segments' shares of the attention, divided by its maximum, log(n). */
static void observe_attention_entropy(const struct observation *observation, struct score *out)
{
    const double total = total_segment_mass(observation, out);
    const size_t n = observation->n_segments;
    struct sum entropy = { 0 };

    if (out->reason)
        return;
    for (size_t i = 0; i < n; i++) {
        const double share = segment_mass(&observation->segments[i]) / total;

        if (share > 0)
            sum_add(&entropy, -share * log(share));
    }
    out->value = fmin(sum_value(&entropy) / log((double)n), 1);
}

const struct scorer scorer_attention_entropy = {
    .name = "attention_entropy",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_HIGHER,
    .summary = "how evenly the response attends to the segments: normalised entropy",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_attention_entropy,
};

/* First tokens collect attention because they are first, whatever they say. */
static void observe_attention_sink(const struct observation *observation, struct score *out)
{
    const double total = total_segment_mass(observation, out);

    if (!out->reason)
        out->value = segment_mass(&observation->segments[0]) / total;
}

const struct scorer scorer_attention_sink = {
    .name = "attention_sink",
    .version = 1,
    .unit = "ratio",
    .better = BETTER_LOWER,
    .summary = "the first segment's share of the response's attention to the context",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_attention_sink,
};

/* The index of the segment with the most attention per key. */
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
    .summary = "index of the segment with the most attention per token",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_top_segment,
};

/* The index of the segment that explains the response best when it is the only context. */
static void observe_best_segment(const struct observation *observation, struct score *out)
{
    size_t best = 0;

    if (observation->n_segments == 0) {
        out->reason = "too_few_segments";
        return;
    }
    for (size_t i = 1; i < observation->n_segments; i++)
        if (observation->segments[i].nll_nats < observation->segments[best].nll_nats)
            best = i;
    out->value = (double)best;
}

const struct scorer scorer_best_segment = {
    .name = "best_segment",
    .version = 1,
    .unit = "segment",
    .better = BETTER_HIGHER,
    .summary = "index of the segment that makes the response least surprising",
    .needs = NEED_SEGMENTS,
    .inputs = { { "segments", SCORER_MODEL } },
    .observe = observe_best_segment,
};
