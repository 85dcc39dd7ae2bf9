/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateau_top.h - who is among the first of a cohort, when the cas of some is not known.
 *
 * A cas that is not known is from 0 to 1. That bounds what the cohort's normaliser can make of
 * all the others, and so what gateau can be: who cannot be among the first k, whatever the
 * unknown numbers are, need not be asked about. Nothing is estimated: where the first k are not
 * certain, the answer is that they are not.
 */
#ifndef CURATE_GATEAU_TOP_H
#define CURATE_GATEAU_TOP_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct scorer_options;

/* Whether anything can be known this way: by softmax and minmax. */
bool gateau_top_is_possible(const struct scorer_options *options);

/*
 * Whether the first k of n samples by gateau are certain; cas is NAN where it is not known. If
 * so, at_least has the least their gateau can be, in an order that it can have, and NAN for all
 * others. 1 <= k <= n. ERR_NOMEM.
 */
int gateau_top_find(const struct scorer_options *options, const double *hmp, const double *cas,
                    size_t n, size_t k, double *at_least, bool *certain, struct error *err);

#endif
