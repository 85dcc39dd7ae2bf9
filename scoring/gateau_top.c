/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/gateau_top.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/scorer.h"
#include "scoring/sum.h"

/* The last bits of a sum over a cohort depend on its members. So two scores that differ by less
 * than this, relative to the largest score, count as equal. */
static const double margin = 1e-11;

struct gateau_top {
    const struct scorer_options *options;
    size_t n;
    size_t k;
    double *hmp;            /* normalised */
    double *cas;            /* negated with low_cas; NAN where it is unknown */
    double lowest, highest; /* bounds of an unknown cas */
    double *scores;         /* of the known samples, under one assumption about the unknown */
    size_t *order;          /* the known samples, best first by scores */
    size_t n_known;
    bool *chosen; /* the first k by the first assumption */
};

/* Bounds of what the normaliser divides by: the sum of exp(cas) for softmax, the width of the
 * range of cas for minmax. */
struct divisor_bounds {
    double least;
    double most;
    double lowest_known; /* the least known cas; INFINITY if none is known */
};

struct known_sample {
    double score;
    size_t index;
};

static int compare_known(const void *left, const void *right)
{
    const struct known_sample *a = left;
    const struct known_sample *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Set order and n_known from scores. */
static int sort_known(struct gateau_top *top, struct error *err)
{
    struct known_sample *known = calloc(top->n + 1, sizeof *known);

    if (!known)
        return error_nomem(err);
    top->n_known = 0;
    for (size_t i = 0; i < top->n; i++)
        if (!isnan(top->cas[i]))
            known[top->n_known++] = (struct known_sample){ top->scores[i], i };
    qsort(known, top->n_known, sizeof *known, compare_known);
    for (size_t i = 0; i < top->n_known; i++)
        top->order[i] = known[i].index;
    free(known);
    return 0;
}

/* Do the first k separate from the rest, by the scores of the known samples and the upper
 * bounds of the unknown ones? at_most is NULL to compare known samples only. */
static int separates(struct gateau_top *top, const double *at_most, bool *out,
                     struct error *err)
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
    for (size_t i = 0; at_most && i < top->n; i++)
        if (isnan(top->cas[i]) && at_most[i] >= last)
            return 0;
    *out = true;
    return 0;
}

/* Set the scores of the known samples. Their normalised cas is exp(cas) / divisor for softmax
 * and (cas - shift) / divisor for minmax. */
static void score_known(struct gateau_top *top, double shift, double divisor)
{
    const double alpha = top->options->alpha;
    const bool softmax = top->options->normaliser == NORMALISE_SOFTMAX;

    for (size_t i = 0; i < top->n; i++) {
        const double cas = softmax ? exp(top->cas[i]) : top->cas[i] - shift;

        top->scores[i] = alpha * top->hmp[i] + (1 - alpha) * cas / divisor;
    }
}

static struct divisor_bounds bound_divisor(const struct gateau_top *top)
{
    struct divisor_bounds out;
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
    out.lowest_known = low;
    if (top->options->normaliser == NORMALISE_SOFTMAX) {
        out.least = sum_value(&sum) + (double)n_unknown * exp(top->lowest);
        out.most = sum_value(&sum) + (double)n_unknown * exp(top->highest);
    } else {
        out.least = high - low;
        out.most = n_unknown > 0 ? top->highest - top->lowest : out.least;
    }
    return out;
}

/* Set the upper bounds of unknown samples. For softmax the bound is reached at the least sum;
 * the known samples' lead over an unknown one is smallest there, too. */
static void bound_unknown(const struct gateau_top *top, double least, double *at_most)
{
    const double alpha = top->options->alpha;
    const double cas =
        top->options->normaliser == NORMALISE_SOFTMAX ? exp(top->highest) / least : 1;

    for (size_t i = 0; i < top->n; i++)
        at_most[i] = alpha * top->hmp[i] + (1 - alpha) * cas;
}

/* Set the lower bounds of the known samples as scores. */
static void score_known_at_least(struct gateau_top *top, const struct divisor_bounds *divisor,
                                 double softmax_sum)
{
    if (top->options->normaliser == NORMALISE_SOFTMAX)
        score_known(top, 0, softmax_sum);
    else
        score_known(top, divisor->lowest_known, top->highest - divisor->lowest_known);
}

/* Are the first k of the known samples the same for every possible divisor? The difference of
 * two known samples is monotone in the divisor, so it is enough to compare both ends of its
 * range. */
static int is_same_for_all_divisors(struct gateau_top *top,
                                    const struct divisor_bounds *divisor, bool *out,
                                    struct error *err)
{
    bool separate;

    *out = false;
    score_known(top, 0, divisor->least);
    if (separates(top, NULL, &separate, err) < 0)
        return -1;
    if (!separate)
        return 0;
    for (size_t i = 0; i < top->k; i++)
        top->chosen[top->order[i]] = true;
    score_known(top, 0, divisor->most);
    if (separates(top, NULL, &separate, err) < 0)
        return -1;
    for (size_t i = 0; separate && i < top->k; i++)
        separate = top->chosen[top->order[i]];
    *out = separate;
    return 0;
}

static int find_certain(struct gateau_top *top, double *at_least, bool *certain,
                        struct error *err)
{
    const struct divisor_bounds divisor = bound_divisor(top);

    if (!(divisor.least > 0) || !isfinite(divisor.lowest_known))
        return 0;
    bound_unknown(top, divisor.least, at_least); /* scratch until the end */
    /* Known against unknown samples, both under the assumption that favours the unknown. */
    score_known_at_least(top, &divisor, divisor.least);
    if (separates(top, at_least, certain, err) < 0 ||
        (*certain && is_same_for_all_divisors(top, &divisor, certain, err) < 0))
        return -1;
    if (!*certain)
        return 0;
    score_known_at_least(top, &divisor, divisor.most);
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
    struct gateau_top top = { .options = options,
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
    rc = gateau_top_is_possible(options) ? find_certain(&top, at_least, certain, err) : 0;
done:
    free(top.hmp);
    free(top.cas);
    free(top.scores);
    free(top.order);
    free(top.chosen);
    return rc;
}
