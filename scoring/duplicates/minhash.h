/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minhash.h - signatures that agree in about as many places as two sets of shingles overlap.
 *
 * Value i of a signature is the smallest mix32(a_i * x + b_i) of the shingles, where x are 32
 * bits of the shingle's hash, and a_i, b_i come from a seed (Broder; the mixing function is
 * x ^= x >> 15, x *= 0x2c1b3c6d). Rows of a band are consecutive values. Two sets with Jaccard
 * similarity J agree in at least one of b bands of r rows with probability 1 - (1 - J^r)^b.
 * Signatures have the same bits on every CPU.
 */
#ifndef CURATE_MINHASH_H
#define CURATE_MINHASH_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct kernels;
struct shingle_list;

enum {
    MINHASH_VERSION = 1,
    MINHASH_VALUES_MAX = 16384,
    MINHASH_DIGEST_BYTES = 16, /* the end of a signature: equal for equal lists of shingles */
};

struct minhash {
    unsigned n_bands;
    unsigned n_rows;
    size_t n_values;
    uint32_t *a; /* n_values */
    uint32_t *b;
};
/* n_bands * n_rows is at most MINHASH_VALUES_MAX; 0: signatures are digests only. Returns 0, or
 * -1 with err set: ERR_NOMEM. */
int minhash_init(struct minhash *minhash, unsigned n_bands, unsigned n_rows, uint64_t seed,
                 struct error *err);
void minhash_release(struct minhash *minhash);
size_t minhash_bytes(const struct minhash *minhash);

/* Compute the signature, minhash_bytes(), of a list that is not empty. Overwrites list->spare.
 * values has room for n_values. */
void minhash_sign(const struct minhash *minhash, const struct kernels *kernels,
                  struct shingle_list *list, uint32_t *values, uint8_t *out);

/* The hash of a band. */
uint64_t minhash_band(const struct minhash *minhash, const uint8_t *signature, unsigned band);
/* The hash of the digest: equal if the lists of shingles are equal, in any order. */
uint64_t minhash_digest(const struct minhash *minhash, const uint8_t *signature);
/* The share of values that two signatures have in common: an estimate of J. */
double minhash_agreement(const struct minhash *minhash, const uint8_t *a, const uint8_t *b);

#endif
