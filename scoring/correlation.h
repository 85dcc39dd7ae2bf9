/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correlation.h - whether two scores put samples in the same order.
 */
#ifndef CURATE_CORRELATION_H
#define CURATE_CORRELATION_H

#include <stddef.h>

struct error;

/* Spearman's rank correlation of a[i] and b[i], equal values sharing the mean of their places
 * (normalise_rank): -1 to 1; NAN where all of a or all of b are equal, or n < 2. ERR_NOMEM. */
int correlation_spearman(const double *a, const double *b, size_t n, double *out,
                         struct error *err);

#endif
