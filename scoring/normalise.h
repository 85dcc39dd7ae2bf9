/* SPDX-License-Identifier: Apache-2.0 */
/*
 * normalise.h - put the values of a pool of samples on a common scale.
 *
 * The result for one value depends on which values are in the pool and not on their order, to
 * the last bit. Values are finite, n >= 1, and out may be values itself.
 *
 * All are monotone: a larger value never gets less. softmax gives weights that sum to 1,
 * minmax, rank and robust numbers from 0 to 1, zscore any.
 */
#ifndef CURATE_NORMALISE_H
#define CURATE_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum normaliser {
    NORMALISE_SOFTMAX,
    NORMALISE_MINMAX,
    NORMALISE_RANK,
    NORMALISE_ZSCORE,
    NORMALISE_ROBUST,
    NORMALISE_GATEAU_CODE, /* as softmax, but gateau takes cas as it is */
    NORMALISERS,
};

/* "softmax", "minmax", "rank", "zscore", "robust", "gateau-code". */
const char *normaliser_name(enum normaliser normaliser);
bool normaliser_find(const char *name, enum normaliser *out);
int normalise(enum normaliser normaliser, const double *values, size_t n, double *out,
              struct error *err);

/*
 * Min-max of perplexities that are given by their logarithms:
 *   out[i] = (exp(nll[i]) - min exp(nll)) / (max exp(nll) - min exp(nll)),
 * 0.5 for all when they are equal. No perplexity is ever formed, so none overflows.
 */
void normalise_minmax_ppl(const double *nll_nats, size_t n, double *out);

/* (values[i] - min) / (max - min), 0.5 for all when they are equal. */
void normalise_minmax(const double *values, size_t n, double *out);

/* exp(values[i]) / sum exp(values). ERR_NOMEM, as all below. */
int normalise_softmax(const double *values, size_t n, double *out, struct error *err);

/* Place in ascending order over n - 1, from 0 to 1; 0.5 for a pool of one. Values that lie
 * within 1e-12 of their neighbour are equal and share the mean of their places. */
int normalise_rank(const double *values, size_t n, double *out, struct error *err);

/* Distance from the mean in standard deviations (of the pool itself, not estimated from it); 0
 * for all when they are equal. */
int normalise_zscore(const double *values, size_t n, double *out, struct error *err);

/*
 * Values outside the 1st and 99th percentile become these. A percentile is a value of the pool:
 * of those in ascending order number floor(0.01 * (n - 1)) and ceil(0.99 * (n - 1)), so that a
 * pool of up to 100 stays as it is, and clipping logarithms is clipping what they are of.
 */
int normalise_clip(const double *values, size_t n, double *out, struct error *err);

/* Clipped, then min-max. */
int normalise_robust(const double *values, size_t n, double *out, struct error *err);

#endif
