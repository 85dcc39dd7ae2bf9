/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - the bytes of a column chunk, read from the file in blocks.
 */
#ifndef CURATE_PARQUET_INPUT_H
#define CURATE_PARQUET_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/parquet/budget.h"

struct error;

struct input {
    int fd;
    struct budget *budget;
    size_t block_bytes; /* how much to read at once */
    uint64_t offset;    /* in the file, of the next byte */
    uint64_t end;       /* in the file, of the byte behind the chunk */
    struct block block; /* block.data[pos..len) is read and not used */
    size_t pos;
    size_t len;
};

void input_init(struct input *input, int fd, uint64_t begin, uint64_t end, size_t block_bytes,
                struct budget *budget);
void input_release(struct input *input);
/* The bytes of the chunk that are not used yet. */
static inline uint64_t input_left(const struct input *input)
{
    return input->end - input->offset;
}
static inline const uint8_t *input_at(const struct input *input)
{
    return input->pos > 0 ? input->block.data + input->pos : input->block.data;
}
static inline size_t input_held(const struct input *input)
{
    return input->len - input->pos;
}
/* Hold at least n bytes, which must be left. Valid until the next call. */
int input_need(struct input *input, size_t n, struct error *err);
/* Copy the next n bytes, which must be left. */
int input_read(struct input *input, void *out, size_t n, struct error *err);
/* Pass over n bytes, which must be left. Bytes that are held stay valid until the next call
 * that reads. */
void input_skip(struct input *input, uint64_t n);
/* Give back the memory of a long page, once its bytes are used. */
void input_shrink(struct input *input);
/* The CRC-32 of the next n bytes, which must be left. They stay unread. */
int input_crc(struct input *input, uint64_t n, uint32_t *out, struct error *err);

#endif
