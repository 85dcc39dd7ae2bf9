/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/gateau_top.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* Sums of a cohort differ in their last bits with who is in them: what is nearer than this, in
 * parts of the largest score, is not told apart. */
static const double margin = 1e-11;

struct top {
    const struct scorer_options *options;
    size_t n;
    size_t k;
    double *hmp;            /* normalised */
    double *cas;            /* with its sign; NAN when it is not known */
    double lowest, highest; /* what an unknown one can be */
    double *scores;         /* under one assumption */
    size_t *order;          /* of the known, best first by scores */
    size_t n_known;
    bool *chosen; /* by the first assumption */
};

struct entry {
    double score;
    size_t index;
};

static int best_first(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int sort_known(struct top *top, struct error *err)
{
    struct entry *entries = calloc(top->n + 1, sizeof *entries);

    if (!entries)
        return error_nomem(err);
    top->n_known = 0;
    for (size_t i = 0; i < top->n; i++)
        if (!isnan(top->cas[i]))
            entries[top->n_known++] = (struct entry){ top->scores[i], i };
    qsort(entries, top->n_known, sizeof *entries, best_first);
    for (size_t i = 0; i < top->n_known; i++)
        top->order[i] = entries[i].index;
    free(entries);
    return 0;
}

/* Whether the scores, under one assumption, part the first k from all others: known ones by
 * their scores, unknown ones by the most they can have. */
static int parts(struct top *top, const double *most, bool *out, struct error *err)
{
    double last, largest = 0;

    *out = false;
    if (sort_known(top, err) < 0)
        return -1;
    if (top->n_known < top->k)
        return 0;
    for (size_t i = 0; i < top->n_known; i++)
        largest = fmax(largest, fabs(top->scores[top->order[i]]));
    last = top->scores[top->order[top->k - 1]] - margin * largest;
    if (top->n_known > top->k && top->scores[top->order[top->k]] >= last)
        return 0;
    for (size_t i = 0; most && i < top->n; i++)
        if (isnan(top->cas[i]) && most[i] >= last)
            return 0;
    *out = true;
    return 0;
}

/* gateau of the known when cas is made (cas - shift) / width of, or exp of it. */
static void score_known(struct top *top, double shift, double width)
{
    const double alpha = top->options->alpha;
    const bool softmax = top->options->normaliser == NORMALISE_SOFTMAX;

    for (size_t i = 0; i < top->n; i++) {
        const double cas = softmax ? exp(top->cas[i]) : top->cas[i] - shift;

        top->scores[i] = alpha * top->hmp[i] + (1 - alpha) * cas / width;
    }
}

/* What the others can make of cas: the sum of its exponentials, or its width, at the least and
 * at the most. */
static void bound(const struct top *top, double *least, double *most, double *lowest_known)
{
    struct sum sum = { 0 };
    double low = INFINITY, high = -INFINITY;
    size_t n_unknown = 0;

    for (size_t i = 0; i < top->n; i++) {
        if (isnan(top->cas[i])) {
            n_unknown++;
            continue;
        }
        sum_add(&sum, exp(top->cas[i]));
        low = fmin(low, top->cas[i]);
        high = fmax(high, top->cas[i]);
    }
    *lowest_known = low;
    if (top->options->normaliser == NORMALISE_SOFTMAX) {
        *least = sum_value(&sum) + (double)n_unknown * exp(top->lowest);
        *most = sum_value(&sum) + (double)n_unknown * exp(top->highest);
    } else {
        *least = high - low;
        *most = n_unknown > 0 ? top->highest - top->lowest : *least;
    }
}

/* The most an unknown one can have. Under softmax that is when the sum is at its least, which
 * is also when the known ones are the least ahead of it. */
static void bound_unknown(const struct top *top, double least, double *most)
{
    const double alpha = top->options->alpha;
    const double cas =
        top->options->normaliser == NORMALISE_SOFTMAX ? exp(top->highest) / least : 1;

    for (size_t i = 0; i < top->n; i++)
        most[i] = alpha * top->hmp[i] + (1 - alpha) * cas;
}

/* Between two known ones only the width (or sum) decides, and their difference goes one way
 * with it: what holds at both ends of its range holds in between. */
static int same_at_both_ends(struct top *top, double least, double most, bool *out,
                             struct error *err)
{
    bool parted;

    *out = false;
    score_known(top, 0, least);
    if (parts(top, NULL, &parted, err) < 0)
        return -1;
    if (!parted)
        return 0;
    for (size_t i = 0; i < top->k; i++)
        top->chosen[top->order[i]] = true;
    score_known(top, 0, most);
    if (parts(top, NULL, &parted, err) < 0)
        return -1;
    for (size_t i = 0; parted && i < top->k; i++)
        parted = top->chosen[top->order[i]];
    *out = parted;
    return 0;
}

static int find(struct top *top, double *at_least, bool *certain, struct error *err)
{
    double least, most, lowest_known;

    bound(top, &least, &most, &lowest_known);
    if (!(least > 0) || !isfinite(lowest_known))
        return 0;
    bound_unknown(top, least, at_least);
    /* The known against the unknown: the known at the least they can have then. */
    if (top->options->normaliser == NORMALISE_SOFTMAX)
        score_known(top, 0, least);
    else
        score_known(top, lowest_known, top->highest - lowest_known);
    if (parts(top, at_least, certain, err) < 0 ||
        (*certain && same_at_both_ends(top, least, most, certain, err) < 0))
        return -1;
    if (!*certain)
        return 0;
    if (top->options->normaliser == NORMALISE_SOFTMAX)
        score_known(top, 0, most);
    else
        score_known(top, lowest_known, top->highest - lowest_known);
    for (size_t i = 0; i < top->n; i++)
        at_least[i] = top->chosen[i] ? top->scores[i] : NAN;
    return 0;
}

bool gateau_top_is_possible(const struct scorer_options *options)
{
    return options->normaliser == NORMALISE_SOFTMAX || options->normaliser == NORMALISE_MINMAX;
}

int gateau_top_find(const struct scorer_options *options, const double *hmp, const double *cas,
                    size_t n, size_t k, double *at_least, bool *certain, struct error *err)
{
    struct top top = { .options = options,
                       .n = n,
                       .k = k,
                       .hmp = calloc(n + 1, sizeof *top.hmp),
                       .cas = calloc(n + 1, sizeof *top.cas),
                       .lowest = options->low_cas ? -1 : 0,
                       .highest = options->low_cas ? 0 : 1,
                       .scores = calloc(n + 1, sizeof *top.scores),
                       .order = calloc(n + 1, sizeof *top.order),
                       .chosen = calloc(n + 1, sizeof *top.chosen) };
    int rc = -1;

    *certain = false;
    if (!top.hmp || !top.cas || !top.scores || !top.order || !top.chosen) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        top.cas[i] = options->low_cas ? -cas[i] : cas[i];
    if (normalise(options->normaliser, hmp, n, top.hmp, err) < 0)
        goto done;
    rc = gateau_top_is_possible(options) ? find(&top, at_least, certain, err) : 0;
done:
    free(top.hmp);
    free(top.cas);
    free(top.scores);
    free(top.order);
    free(top.chosen);
    return rc;
}
