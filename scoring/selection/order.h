/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h - samples in the order in which they are chosen.
 *
 * Everything in scoring/selection/ works on arrays in memory. Samples are numbered from 0 in
 * the order of their content hashes, and equal values go to the smaller number. So results
 * depend neither on the order of ingestion nor on the number of threads. A NaN is a missing
 * value: the sample is left out.
 */
#ifndef CURATE_ORDER_H
#define CURATE_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Write the samples with a value to `order`, which has room for n, the largest value first.
 * *n_ordered is their number; the other n - *n_ordered samples have no value. Returns 0, or -1
 * with err set: ERR_NOMEM.
 */
int order_by_value(const double *values, size_t n, uint32_t *order, size_t *n_ordered,
                   struct error *err);

/* The same by values[i] / costs[i]. A cost of 0 counts as 1. A quotient favours cheap samples,
 * and expensive ones if the value is negative. */
int order_by_value_per_cost(const double *values, const uint64_t *costs, size_t n,
                            uint32_t *order, size_t *n_ordered, struct error *err);

#endif
