/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest.h - distances between vectors: the neighbours of each among all.
 */
#ifndef CURATE_NEAREST_H
#define CURATE_NEAREST_H

#include <stddef.h>

enum { NEAREST_NTH_MAX = 1000 };

struct error;
struct kernels;
struct pool;

/*
 * out[v] = Euclidean distance of vector v to the neighbour that is the nth nearest, itself not
 * counted, when all are made as long as 1; 1 <= nth < n, and nth at most
 * NEAREST_NTH_MAX. The vectors, n rows of width, are
 * made so in place; none may be zero. The same for any number of threads. ERR_NOMEM.
 */
int nearest_distances(float *vectors, size_t n, size_t width, size_t nth,
                      const struct kernels *kernels, struct pool *pool, double *out,
                      struct error *err);

#endif
