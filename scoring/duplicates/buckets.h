/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buckets.h - samples that agree in a band, and the pairs among them that are worth a look.
 */
#ifndef CURATE_BUCKETS_H
#define CURATE_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

struct error;

enum {
    BUCKET_BIG = 1000,   /* a bucket of more samples is big: usually boilerplate */
    BUCKET_FIRST = 64,   /* of a big one, each sample is compared with the first ones only */
    BUCKET_IS_NEW = 1,   /* flags of samples: a pair of two that are not new is known */
    BUCKET_IS_ASKED = 2, /* a pair has at least one that is asked for */
    BUCKET_IS_COPY = 4,  /* has the same shingles as a sample with a smaller number */
};

/* A sample of a band as one number, so that sorting them makes the buckets: the upper bits are
 * bits of the hash, the lower ones the number of the sample. n_samples is at most UINT32_MAX.
 * Different hashes with the same upper bits share a bucket; their pairs are verified. */
static inline unsigned bucket_shift(size_t n_samples)
{
    unsigned bits = 1;

    while (n_samples >> bits > 0)
        bits++;
    return bits;
}
static inline uint64_t bucket_entry(uint64_t hash, uint32_t number, unsigned shift)
{
    return hash >> shift << shift | number;
}

/*
 * Call fn for each pair a < b of the sorted entries of a band that share a bucket, that has a
 * new sample and one that is asked for. flags has those of each sample, by number. Counts
 * buckets that are big. fn returns 0, or -1 with err set.
 */
int buckets_each_pair(const uint64_t *entries, size_t n, unsigned shift, const uint8_t *flags,
                      int (*fn)(void *arg, uint32_t a, uint32_t b, struct error *err),
                      void *arg, uint64_t *n_big, struct error *err);

#endif
