/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/duplicates/minhash.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/duplicates/shingles.h"
#include "scoring/kernels/kernels.h"

/* SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int minhash_init(struct minhash *minhash, unsigned n_bands, unsigned n_rows, uint64_t seed,
                 struct error *err)
{
    const size_t n = (size_t)n_bands * n_rows;

    *minhash = (struct minhash){ .n_bands = n_bands, .n_rows = n_rows, .n_values = n };
    minhash->a = calloc(n + 1, sizeof *minhash->a);
    minhash->b = calloc(n + 1, sizeof *minhash->b);
    if (!minhash->a || !minhash->b)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        minhash->a[i] = (uint32_t)next_random(&seed) | 1;
        minhash->b[i] = (uint32_t)next_random(&seed);
    }
    return 0;
}

void minhash_release(struct minhash *minhash)
{
    free(minhash->a);
    free(minhash->b);
    *minhash = (struct minhash){ 0 };
}

size_t minhash_bytes(const struct minhash *minhash)
{
    return minhash->n_values * sizeof(uint32_t) + MINHASH_DIGEST_BYTES;
}

static void put_little_endian(uint64_t value, size_t n_bytes, uint8_t *out)
{
    for (size_t i = 0; i < n_bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

/* Two sums over the list: they do not depend on its order. */
static void put_digest(const struct shingle_list *list, uint8_t *out)
{
    uint64_t sum = list->n;
    uint64_t mixed = 0;

    for (size_t i = 0; i < list->n; i++) {
        const uint64_t hash = list->hashes[i];

        sum += hash;
        mixed += (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9;
    }
    put_little_endian(sum, 8, out);
    put_little_endian(mixed, 8, out + 8);
}

void minhash_sign(const struct minhash *minhash, const struct kernels *kernels,
                  struct shingle_list *list, uint32_t *values, uint8_t *out)
{
    uint32_t *bases = (uint32_t *)list->spare;

    for (size_t i = 0; i < list->n; i++)
        bases[i] = (uint32_t)(list->hashes[i] ^ list->hashes[i] >> 32);
    memset(values, 0xff, minhash->n_values * sizeof *values);
    kernels->minhash(bases, list->n, minhash->a, minhash->b, minhash->n_values, values);
    for (size_t i = 0; i < minhash->n_values; i++)
        put_little_endian(values[i], 4, out + 4 * i);
    put_digest(list, out + 4 * minhash->n_values);
}

uint64_t minhash_band(const struct minhash *minhash, const uint8_t *signature, unsigned band)
{
    const size_t bytes = minhash->n_rows * sizeof(uint32_t);

    return hash_u64(slice_of((const char *)signature + band * bytes, bytes));
}

uint64_t minhash_digest(const struct minhash *minhash, const uint8_t *signature)
{
    return hash_u64(
        slice_of((const char *)signature + 4 * minhash->n_values, MINHASH_DIGEST_BYTES));
}

double minhash_agreement(const struct minhash *minhash, const uint8_t *a, const uint8_t *b)
{
    size_t n = 0;

    for (size_t i = 0; i < minhash->n_values; i++)
        n += memcmp(a + 4 * i, b + 4 * i, 4) == 0;
    return (double)n / (double)minhash->n_values;
}
