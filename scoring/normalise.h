/* SPDX-License-Identifier: Apache-2.0 */
/*
 * normalise.h - bring the values of a cohort's samples to a common scale.
 *
 * For all functions: values are finite, n >= 1, and out may be the same array as values.
 * Results are bit-identical for any order of the values.
 *
 * All normalisers are monotone: a larger value never gets a smaller result. softmax gives
 * weights that sum to 1; minmax, rank and robust give numbers from 0 to 1; zscore gives any
 * number.
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
    NORMALISE_GATEAU_CODE, /* softmax of hmp only: gateau uses cas unchanged */
    NORMALISERS,
};

/* The names by value, NULL-terminated. */
extern const char *const normaliser_names[];
const char *normaliser_name(enum normaliser normaliser);
/* Find by name. False if there is no such normaliser. */
bool normaliser_find(const char *name, enum normaliser *out);
/* Call the function of that normaliser below. ERR_NOMEM. */
int normalise(enum normaliser normaliser, const double *values, size_t n, double *out,
              struct error *err);

/*
 * Why n samples cannot be compared by these inputs: "cohort_of_one" if n is 1, "all_equal" if
 * each input is the same for all samples, else NULL. The functions below return a number even
 * then (0, 0.5 or 1), but it says nothing about a sample.
 */
const char *normalise_obstacle(const double *const *inputs, size_t n_inputs, size_t n);

/*
 * Min-max of perplexities, which are given by their logarithms:
 *   out[i] = (exp(nll[i]) - min exp(nll)) / (max exp(nll) - min exp(nll)),
 * 0.5 for all if they are equal. No perplexity is computed, so none overflows.
 */
void normalise_minmax_ppl(const double *nll_nats, size_t n, double *out);

/* (values[i] - min) / (max - min), 0.5 for all if they are equal. */
void normalise_minmax(const double *values, size_t n, double *out);

/* exp(values[i]) / sum exp(values). ERR_NOMEM, as for all functions below. */
int normalise_softmax(const double *values, size_t n, double *out, struct error *err);

/* Rank in ascending order, from 0, divided by n - 1; 0.5 if n is 1. Values within 1e-12 of the
 * next smaller one count as equal to it; equal values get the mean of their ranks. */
int normalise_rank(const double *values, size_t n, double *out, struct error *err);

/* (values[i] - mean) / standard deviation, of the population (divided by n); 0 for all if they
 * are equal. */
int normalise_zscore(const double *values, size_t n, double *out, struct error *err);

/*
 * Clip values to the 1st and 99th percentile. The percentiles are the values with ranks
 * floor(0.01 * (n - 1)) and ceil(0.99 * (n - 1)) in ascending order. For 5 to 100 values these
 * are the lowest and the highest, so the second lowest and the second highest are used instead:
 * one outlier never presses the other values together. Fewer values stay unchanged. Clipping
 * commutes with the logarithm.
 */
int normalise_clip(const double *values, size_t n, double *out, struct error *err);

/* normalise_clip(), then normalise_minmax(). */
int normalise_robust(const double *values, size_t n, double *out, struct error *err);

#endif
