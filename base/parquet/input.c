/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/input.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parquet/codec.h"
#include "base/parquet/feed.h"

void input_init(struct input *input, int fd, uint64_t begin, uint64_t end, size_t block_bytes,
                struct budget *budget)
{
    *input = (struct input){
        .fd = fd, .offset = begin, .end = end, .block_bytes = block_bytes, .budget = budget
    };
}

void input_release(struct input *input)
{
    if (input->budget)
        block_release(&input->block, input->budget);
}

/* Read at least `least` and at most n bytes. Returns their number, or -1. */
static ssize_t read_chunk_bytes(const struct input *input, uint64_t offset, uint8_t *out,
                                size_t least, size_t n, struct error *err)
{
    size_t done = 0;

    while (done < least) {
        const ssize_t got = pread(input->fd, out + done, n - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, "reading the file");
        if (got == 0)
            return error_set(err, ERR_INPUT,
                             "the file was truncated at byte %" PRIu64 " while it is read",
                             offset + done);
        done += (size_t)got;
    }
    return (ssize_t)done;
}

void input_shrink(struct input *input)
{
    if (input_held(input) > 0 || input->block.cap <= input->block_bytes)
        return;
    block_release(&input->block, input->budget);
    input->pos = input->len = 0;
}

static int make_room(struct input *input, size_t n, struct error *err)
{
    const size_t held = input_held(input);

    if (n <= input->block_bytes)
        input_shrink(input);
    if (held > 0 && input->pos > 0)
        memmove(input->block.data, input->block.data + input->pos, held);
    input->pos = 0;
    input->len = held;
    return block_grow(&input->block, n > input->block_bytes ? n : input->block_bytes,
                      input->budget, "a compressed page", err);
}

int input_need(struct input *input, size_t n, struct error *err)
{
    if (input_held(input) >= n)
        return 0;
    if (make_room(input, n, err) < 0)
        return -1;
    const size_t held = input_held(input);
    const uint64_t unread = input_left(input) - held;
    const size_t room = input->block.cap - held;
    const ssize_t got = read_chunk_bytes(input, input->offset + held, input->block.data + held,
                                         n - held, room < unread ? room : (size_t)unread, err);

    if (got < 0)
        return -1;
    input->len += (size_t)got;
    return 0;
}

int input_read(struct input *input, void *out, size_t n, struct error *err)
{
    const size_t held = input_held(input);
    const size_t first = n < held ? n : held;

    if (first > 0)
        memcpy(out, input_at(input), first);
    input_skip(input, first);
    if (first == n)
        return 0;
    if (n - first < input->block_bytes) {
        if (input_need(input, n - first, err) < 0)
            return -1;
        memcpy((uint8_t *)out + first, input_at(input), n - first);
    } else if (read_chunk_bytes(input, input->offset, (uint8_t *)out + first, n - first,
                                n - first, err) < 0) {
        return -1;
    }
    input_skip(input, n - first);
    return 0;
}

void input_skip(struct input *input, uint64_t n)
{
    const size_t held = input_held(input);

    input->pos += n < held ? (size_t)n : held;
    input->offset += n;
}

/* A page that is longer than a block is read twice: first for the CRC alone. */
int input_crc(struct input *input, uint64_t n, uint32_t *out, struct error *err)
{
    uint8_t bytes[16384];
    uint32_t crc = 0;

    if (n <= input->block_bytes) {
        if (input_need(input, (size_t)n, err) < 0)
            return -1;
        *out = codec_crc32(0, input_at(input), (size_t)n);
        return 0;
    }
    for (uint64_t done = 0; done < n;) {
        const size_t part = n - done < sizeof bytes ? (size_t)(n - done) : sizeof bytes;

        if (read_chunk_bytes(input, input->offset + done, bytes, part, part, err) < 0)
            return -1;
        crc = codec_crc32(crc, bytes, part);
        done += part;
    }
    *out = crc;
    return 0;
}

int feed_varint(struct feed *feed, const char *what, uint64_t *out, struct error *err)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (feed_need(feed, 1, what, err) < 0)
            return -1;
        const uint8_t byte = *feed->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return 0;
        }
    }
    return error_set(err, ERR_INPUT, "%s have an integer of more than 64 bits", what);
}
