/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateau_top.h - the first k samples of a cohort by gateau, when the cas of some is unknown.
 *
 * An unknown cas lies between 0 and 1. That bounds the result of the normaliser for all
 * samples, and so every gateau. A sample that cannot be among the first k for any value of the
 * unknown cas needs no cas. Nothing is estimated: if the bounds do not separate the first k,
 * the result is "not certain".
 */
#ifndef CURATE_GATEAU_TOP_H
#define CURATE_GATEAU_TOP_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct scorer_options;

/* True if the normaliser has such bounds: softmax and minmax. */
bool gateau_top_is_possible(const struct scorer_options *options);

/*
 * Find the first k of n samples, 1 <= k <= n. cas is NAN where it is unknown. *certain tells
 * whether the first k are certain. If so, at_least[i] is a lower bound of the gateau of each of
 * them and NAN for all other samples. The order of the bounds is consistent with the bounds but
 * not necessarily the exact order. ERR_NOMEM.
 */
int gateau_top_find(const struct scorer_options *options, const double *hmp, const double *cas,
                    size_t n, size_t k, double *at_least, bool *certain, struct error *err);

#endif
