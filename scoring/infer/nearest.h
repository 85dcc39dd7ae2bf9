/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest.h - the distance from each vector of a set to its nth nearest neighbour.
 */
#ifndef CURATE_NEAREST_H
#define CURATE_NEAREST_H

#include <stddef.h>

enum { NEAREST_NTH_MAX = 1000 };

struct error;
struct kernels;
struct pool;

/*
 * Normalise n vectors of `width` floats to length 1, in place; none may be zero. Then set
 * out[v] to the Euclidean distance from vector v to its nth nearest neighbour, not counting
 * itself. 1 <= nth < n, and nth <= NEAREST_NTH_MAX. Results do not depend on the number of
 * threads. Returns -1 on ERR_NOMEM.
 */
int nearest_distances(float *vectors, size_t n, size_t width, size_t nth,
                      const struct kernels *kernels, struct pool *pool, double *out,
                      struct error *err);

#endif
