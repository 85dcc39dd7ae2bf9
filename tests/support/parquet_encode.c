/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/parquet_encode.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "tests/support/parquet_writer.h"
#include "tests/support/rng.h"

enum { GROUP = 8 };

static void add(struct buf *out, const void *bytes, size_t n)
{
    struct error err;

    if (buf_add(out, bytes, n, &err) < 0)
        abort();
}

/* Append numbers of `width` bits, the lowest bit first. */
static void add_bits(struct buf *out, const uint64_t *numbers, size_t n, unsigned width)
{
    unsigned n_bits = 0;
    uint8_t byte = 0;

    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < width; bit++) {
            byte |= (uint8_t)((numbers[i] >> bit & 1) << n_bits);
            if (++n_bits < 8)
                continue;
            add(out, &byte, 1);
            byte = 0;
            n_bits = 0;
        }
    if (n_bits > 0)
        add(out, &byte, 1);
}

/* A packed run of whole groups; what is missing at the end is random. */
static void add_packed(struct buf *out, struct rng *rng, const uint32_t *numbers, size_t n,
                       unsigned width)
{
    const size_t n_groups = (n + GROUP - 1) / GROUP;
    uint64_t group[GROUP];

    thrift_write_varint(out, n_groups << 1 | 1);
    for (size_t i = 0; i < n_groups * GROUP; i++) {
        group[i % GROUP] = i < n ? numbers[i] : rng_next(rng);
        if (i % GROUP == GROUP - 1)
            add_bits(out, group, GROUP, width);
    }
}

void encode_hybrid(struct buf *out, struct rng *rng, const uint32_t *numbers, size_t n,
                   unsigned width)
{
    for (size_t i = 0; i < n;) {
        size_t n_equal = 1, n_packed = GROUP * (1 + rng_below(rng, 20));

        while (i + n_equal < n && numbers[i + n_equal] == numbers[i])
            n_equal++;
        if (rng_below(rng, n_equal > GROUP ? 4 : 40) > 0 && n_equal < GROUP * 10) {
            n_packed = n_packed < n - i ? n_packed : n - i;
            add_packed(out, rng, numbers + i, n_packed, width);
            i += n_packed;
        } else {
            const uint32_t value = numbers[i];
            const uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8),
                                      (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

            thrift_write_varint(out, n_equal << 1);
            add(out, bytes, (width + 7) / 8);
            i += n_equal;
        }
    }
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

/* The difference of two numbers, as a number of the type. */
static int64_t difference(int64_t a, int64_t b, unsigned width_max)
{
    const uint64_t delta = (uint64_t)a - (uint64_t)b;

    return width_max == 32 ? (int32_t)(uint32_t)delta : (int64_t)delta;
}

static unsigned bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* A block of n deltas. Miniblocks without a delta have any width and no bytes. */
static void add_block(struct buf *out, struct rng *rng, const int64_t *deltas, size_t n,
                      size_t n_mini, size_t mini_size, unsigned width_max)
{
    const uint64_t mask = width_max == 32 ? UINT32_MAX : UINT64_MAX;
    uint64_t *above = calloc(n_mini * mini_size, sizeof *above);
    int64_t least = deltas[0];

    if (!above)
        abort();
    for (size_t i = 0; i < n; i++)
        least = deltas[i] < least ? deltas[i] : least;
    for (size_t i = 0; i < n; i++)
        above[i] = ((uint64_t)deltas[i] - (uint64_t)least) & mask;
    thrift_write_varint(out, zigzag(least));
    for (int pass = 0; pass < 2; pass++)
        for (size_t mini = 0; mini < n_mini; mini++) {
            uint64_t all = 0;

            for (size_t i = 0; i < mini_size; i++)
                all |= above[mini * mini_size + i];
            const bool is_used = mini * mini_size < n;
            const uint8_t width = (uint8_t)(is_used ? bits_of(all) : rng_below(rng, 256));
            if (pass == 0)
                add(out, &width, 1);
            else if (is_used)
                add_bits(out, above + mini * mini_size, mini_size, width);
        }
    free(above);
}

void encode_delta(struct buf *out, struct rng *rng, const int64_t *numbers, size_t n,
                  unsigned width_max)
{
    const size_t n_mini = (size_t)1 << rng_below(rng, 4);
    const size_t mini_size = (n_mini < 4 ? 128 : 32) * (1 + rng_below(rng, 3));
    const size_t block = n_mini * mini_size % 128 == 0 ? n_mini * mini_size : 0;
    int64_t *deltas = calloc(n + 1, sizeof *deltas);

    if (!deltas || block == 0)
        abort();
    thrift_write_varint(out, block);
    thrift_write_varint(out, n_mini);
    thrift_write_varint(out, n);
    thrift_write_varint(out, n > 0 ? zigzag(numbers[0]) : 0);
    for (size_t i = 1; i < n; i++)
        deltas[i - 1] = difference(numbers[i], numbers[i - 1], width_max);
    for (size_t at = 0; at + 1 < n; at += block)
        add_block(out, rng, deltas + at, n - 1 - at < block ? n - 1 - at : block, n_mini,
                  mini_size, width_max);
    free(deltas);
}

void encode_plain_texts(struct buf *out, const struct slice *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t len = texts[i].len;
        const uint8_t bytes[] = { (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                                  (uint8_t)(len >> 24) };

        add(out, bytes, sizeof bytes);
        add(out, texts[i].ptr, len);
    }
}

void encode_delta_lengths(struct buf *out, struct rng *rng, const struct slice *texts, size_t n)
{
    int64_t *lengths = calloc(n + 1, sizeof *lengths);

    if (!lengths)
        abort();
    for (size_t i = 0; i < n; i++)
        lengths[i] = (int64_t)texts[i].len;
    encode_delta(out, rng, lengths, n, 32);
    for (size_t i = 0; i < n; i++)
        add(out, texts[i].ptr, texts[i].len);
    free(lengths);
}

static size_t shared_bytes(struct slice a, struct slice b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

/* A prefix may be shorter than what two texts share. */
void encode_delta_texts(struct buf *out, struct rng *rng, const struct slice *texts, size_t n)
{
    int64_t *prefixes = calloc(n + 1, sizeof *prefixes);
    struct slice *suffixes = calloc(n + 1, sizeof *suffixes);

    if (!prefixes || !suffixes)
        abort();
    for (size_t i = 0; i < n; i++) {
        size_t shared = i > 0 ? shared_bytes(texts[i - 1], texts[i]) : 0;

        if (rng_below(rng, 8) == 0)
            shared = rng_below(rng, shared + 1);
        prefixes[i] = (int64_t)shared;
        suffixes[i] = slice_of(texts[i].ptr + shared, texts[i].len - shared);
    }
    encode_delta(out, rng, prefixes, n, 32);
    encode_delta_lengths(out, rng, suffixes, n);
    free(prefixes);
    free(suffixes);
}

void encode_split(struct buf *out, const void *values, size_t n, size_t n_bytes)
{
    for (size_t k = 0; k < n_bytes; k++)
        for (size_t i = 0; i < n; i++)
            add(out, (const char *)values + i * n_bytes + k, 1);
}
