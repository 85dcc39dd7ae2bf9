/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/duplicates/sketch.h"

#include <math.h>

size_t sketch_write(const uint64_t *set, size_t n, uint8_t *out)
{
    const size_t n_kept = n < SKETCH_MAX ? n : SKETCH_MAX;

    for (size_t i = 0; i < n_kept; i++)
        for (size_t k = 0; k < SKETCH_HASH_BYTES; k++)
            out[i * SKETCH_HASH_BYTES + k] = (uint8_t)(set[i] >> 8 * k);
    return n_kept * SKETCH_HASH_BYTES;
}

uint64_t sketch_hash(const uint8_t *sketch, size_t i)
{
    uint64_t hash = 0;

    for (size_t k = 0; k < SKETCH_HASH_BYTES; k++)
        hash |= (uint64_t)sketch[i * SKETCH_HASH_BYTES + k] << 8 * k;
    return hash;
}

uint64_t sketch_mix(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    return (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
}

/* A sketch that is not full has all hashes of its set. */
static uint64_t limit_of(const uint8_t *sketch, size_t n)
{
    return n < SKETCH_MAX ? UINT64_MAX : sketch_hash(sketch, n - 1);
}

bool sketch_may_contain(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b,
                        double least)
{
    const uint64_t limit_a = limit_of(a, n_a);
    const uint64_t limit_b = limit_of(b, n_b);
    const uint64_t limit = limit_a < limit_b ? limit_a : limit_b;
    size_t in_a = 0;
    size_t in_b = 0;
    size_t common = 0;

    while (in_a < n_a || in_b < n_b) {
        const uint64_t x = in_a < n_a ? sketch_hash(a, in_a) : UINT64_MAX;
        const uint64_t y = in_b < n_b ? sketch_hash(b, in_b) : UINT64_MAX;

        if ((x < y ? x : y) > limit)
            break;
        if (in_a < n_a && in_b < n_b && x == y) {
            common++;
            in_a++;
            in_b++;
        } else if (in_b == n_b || (in_a < n_a && x < y)) {
            in_a++;
        } else {
            in_b++;
        }
    }
    const double n = (double)(in_a < in_b ? in_a : in_b);
    const double deviation = sqrt(least * (1 - least) * n);
    return common > 0 && (double)common >= least * n - 3 * deviation - 1;
}
