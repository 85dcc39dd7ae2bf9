/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whiten.h - a transformation after which the vectors of a pool have no common direction.
 *
 * Embeddings of a language model share a few large directions, so all cosines are close to 1.
 * Vectors are scaled to length 1, the mean of the pool is subtracted, and the inverse Cholesky
 * factor of the pool's covariance makes the rest equally wide in every direction. The cosine
 * of two results is x' C^-1 y over their lengths, whatever factor of C^-1 is used.
 *
 * The covariance is that of the population plus WHITEN_RIDGE times its mean variance on the
 * diagonal, so directions in which the pool hardly varies are not blown up without limit. The
 * bits depend neither on the number of threads nor on the CPU.
 */
#ifndef CURATE_WHITEN_H
#define CURATE_WHITEN_H

#include <stddef.h>

struct error;
struct pool;
struct whitening;

#define WHITEN_RIDGE 1e-3

/*
 * Learn the transformation of n vectors of `width` numbers, each of which has a length. Needs
 * 16 * width^2 bytes, and n * width^2 / 2 + width^3 / 3 multiplications. Returns 0, or -1 with
 * err set: ERR_NOMEM; ERR_INPUT if the vectors do not differ.
 */
int whitening_new(const float *vectors, size_t n, size_t width, struct pool *pool,
                  struct whitening **out, struct error *err);
void whitening_free(struct whitening *whitening);

/* Transform n vectors in place. n * width^2 / 2 multiplications. Returns 0, or ERR_NOMEM. */
int whitening_apply(const struct whitening *whitening, float *vectors, size_t n,
                    struct pool *pool, struct error *err);

#endif
