/* SPDX-License-Identifier: Apache-2.0 */
/*
 * normalise.h - put the values of a pool of samples on a common scale.
 *
 * The result for one value depends on which values are in the pool and not on their order, to
 * the last bit. Values are finite, n >= 1, and out may be values itself.
 */
#ifndef CURATE_NORMALISE_H
#define CURATE_NORMALISE_H

#include <stddef.h>

struct error;

/*
 * Min-max of perplexities that are given by their logarithms:
 *   out[i] = (exp(nll[i]) - min exp(nll)) / (max exp(nll) - min exp(nll)),
 * 0.5 for all when they are equal. No perplexity is ever formed, so none overflows.
 */
void normalise_minmax_ppl(const double *nll_nats, size_t n, double *out);

/* exp(values[i]) / sum exp(values). ERR_NOMEM. */
int normalise_softmax(const double *values, size_t n, double *out, struct error *err);

#endif
