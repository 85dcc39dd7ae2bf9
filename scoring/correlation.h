/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correlation.h - how similarly two scores order the samples.
 */
#ifndef CURATE_CORRELATION_H
#define CURATE_CORRELATION_H

#include <stddef.h>

struct error;

/* Spearman's rank correlation of a[i] and b[i], from -1 to 1; NAN if n < 2, or if all of a or
 * all of b are equal. Equal values get the mean of their ranks (normalise_rank). ERR_NOMEM. */
int correlation_spearman(const double *a, const double *b, size_t n, double *out,
                         struct error *err);

#endif
