/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/hybrid.h"

#include <string.h>

#include "base/error.h"
#include "base/parquet/feed.h"
#include "base/parquet/load.h"

enum { GROUP = 8 /* numbers; a group of width w has w bytes */, WIDTH_MAX = 32, SLACK = 8 };

void hybrid_init(struct hybrid *hybrid, unsigned width, const char *what)
{
    *hybrid = (struct hybrid){ .width = width, .what = what };
}

unsigned hybrid_width(uint32_t max)
{
    return max == 0 ? 0 : 32 - (unsigned)__builtin_clz(max);
}

/* Read the head of the next run, and the number of a run of equal ones. */
static int begin_run(struct hybrid *hybrid, struct feed *feed, struct error *err)
{
    const unsigned n_bytes = (hybrid->width + 7) / 8;
    uint8_t bytes[4] = { 0 };
    uint64_t head = 0;

    if (feed_varint(feed, hybrid->what, &head, err) < 0)
        return -1;
    if (head >> 1 == 0 || head > UINT32_MAX)
        return error_set(err, ERR_INPUT, "%s have a run of an invalid length", hybrid->what);
    hybrid->is_packed = head & 1;
    hybrid->n_left = hybrid->is_packed ? (head >> 1) * GROUP : head >> 1;
    hybrid->n_taken = 0;
    if (hybrid->is_packed)
        return 0;
    if (feed_need(feed, n_bytes, hybrid->what, err) < 0)
        return -1;
    memcpy(bytes, feed->at, n_bytes);
    feed->at += n_bytes;
    hybrid->value = load_u32(bytes);
    if (hybrid->width < 32 && hybrid->value >> hybrid->width != 0)
        return error_set(err, ERR_INPUT, "%s have a number of too many bits", hybrid->what);
    return 0;
}

/* Find how many numbers of a packed run can be decoded, at most n. The last group of the feed
 * may be cut behind the last number. */
static int find_packed(struct hybrid *hybrid, struct feed *feed, size_t *n, struct error *err)
{
    if (hybrid->width == 0)
        return 0;
    if (feed_try(feed, hybrid->width, err) < 0)
        return -1;
    const size_t left = feed_left(feed);
    const size_t most =
        left / hybrid->width * GROUP + left % hybrid->width * GROUP / hybrid->width;
    if (most <= hybrid->n_taken)
        return error_set(err, ERR_INPUT, "%s end too early", hybrid->what);
    if (*n > most - hybrid->n_taken)
        *n = most - hybrid->n_taken;
    return 0;
}

/* Unpack a group. 8 bytes are read from where its last number begins. */
static void unpack_run(const uint8_t *at, unsigned width, uint32_t out[GROUP])
{
    const uint64_t mask = ((uint64_t)1 << width) - 1;

    for (unsigned i = 0; i < GROUP; i++) {
        const unsigned bit = i * width;

        out[i] = (uint32_t)(load_u64(at + bit / 8) >> bit % 8 & mask);
    }
}

/* Unpack the group at feed->at, of which bytes may be missing. */
static void unpack_run_end(const struct feed *feed, unsigned width, uint32_t out[GROUP])
{
    uint8_t bytes[WIDTH_MAX + SLACK] = { 0 };
    const size_t left = feed_left(feed);

    memcpy(bytes, feed->at, left < width ? left : width);
    unpack_run(bytes, width, out);
}

/* Unpack the numbers of the group that are wanted, and move on behind it if it is used up.
 * Returns their number. */
static size_t read_run_group(struct hybrid *hybrid, struct feed *feed, uint32_t out[GROUP],
                             size_t n)
{
    const unsigned width = hybrid->width, first = hybrid->n_taken;
    const size_t n_read = n < GROUP - first ? n : GROUP - first;
    uint32_t group[GROUP];

    if (feed_left(feed) >= width + SLACK)
        unpack_run(feed->at, width, group);
    else
        unpack_run_end(feed, width, group);
    memcpy(out, group + first, n_read * sizeof *out);
    hybrid->n_taken = (first + (unsigned)n_read) % GROUP;
    if (hybrid->n_taken == 0)
        feed->at += width;
    return n_read;
}

/* Reduce *n to the numbers that the next run has at hand, and count them as read. */
static int next_part(struct hybrid *hybrid, struct feed *feed, size_t *n, struct error *err)
{
    if (hybrid->n_left == 0 && begin_run(hybrid, feed, err) < 0)
        return -1;
    if (*n > hybrid->n_left)
        *n = (size_t)hybrid->n_left;
    if (hybrid->is_packed && find_packed(hybrid, feed, n, err) < 0)
        return -1;
    hybrid->n_left -= *n;
    return 0;
}

int hybrid_read(struct hybrid *hybrid, struct feed *feed, uint32_t *out, size_t n,
                struct error *err)
{
    for (size_t done = 0, part; done < n; done += part) {
        part = n - done;
        if (next_part(hybrid, feed, &part, err) < 0)
            return -1;
        if (!hybrid->is_packed)
            for (size_t i = 0; i < part; i++)
                out[done + i] = hybrid->value;
        else
            for (size_t i = 0; i < part;)
                i += read_run_group(hybrid, feed, out + done + i, part - i);
    }
    return 0;
}

int hybrid_read_bytes(struct hybrid *hybrid, struct feed *feed, uint8_t *out, size_t n,
                      struct error *err)
{
    uint32_t group[GROUP];

    for (size_t done = 0, part; done < n; done += part) {
        part = n - done;
        if (next_part(hybrid, feed, &part, err) < 0)
            return -1;
        if (!hybrid->is_packed) {
            memset(out + done, (int)hybrid->value, part);
            continue;
        }
        for (size_t i = 0; i < part;) {
            const size_t n_read = read_run_group(hybrid, feed, group, part - i);

            for (size_t k = 0; k < n_read; k++)
                out[done + i + k] = (uint8_t)group[k];
            i += n_read;
        }
    }
    return 0;
}
