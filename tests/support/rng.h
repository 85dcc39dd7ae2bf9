/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng.h - random numbers that can be replayed after a failure.
 *
 * rng_from_env("CURATE_SEED") uses the seed in that variable, or else a new one, and prints it
 * as a comment of the test's output. The same seed gives the same numbers on every machine.
 */
#ifndef CURATE_TEST_RNG_H
#define CURATE_TEST_RNG_H

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct rng {
    uint64_t seed;
    uint64_t state;
};

/* SplitMix64: any state is valid. */
static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline struct rng rng_from_seed(uint64_t seed)
{
    return (struct rng){ .seed = seed, .state = seed };
}

static inline struct rng rng_from_env(const char *name)
{
    const char *given = getenv(name);
    struct timespec now = { 0 };

    clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t fresh = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    const struct rng rng = rng_from_seed(given ? strtoull(given, NULL, 10) : fresh);
    printf("# %s=%" PRIu64 "\n", name, rng.seed);
    return rng;
}

/* A number in 0 .. n - 1; n >= 1. The bias is below n / 2^64. */
static inline size_t rng_below(struct rng *rng, size_t n)
{
    return (size_t)(rng_next(rng) % n);
}

/* A number >= 0 and < 1. */
static inline double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/* A normal variate with mean 0 and deviation 1 (Box and Muller). */
static inline float rng_normal_f32(struct rng *rng)
{
    const double radius = sqrt(-2 * log(1 - rng_unit(rng)));

    return (float)(radius * cos(6.283185307179586 * rng_unit(rng)));
}

static inline void rng_fill_normal(struct rng *rng, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal_f32(rng);
}

#endif
