/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - the arrays of a record batch or of a dictionary, in memory.
 *
 * Only buffers of fields that are used are read. Each is as long as the number of its values
 * requires, or loading fails. What values refer to (offsets, views, indices) is not checked
 * here, but when a value is read (value.h).
 *
 * A long buffer that is not compressed is in memory in part only: polars writes batches of
 * 100,000 rows and more. Values are read one after the other, so that this part, the window,
 * moves forward.
 */
#ifndef CURATE_ARROW_BATCH_H
#define CURATE_ARROW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arrow/input.h"
#include "base/arrow/message.h"
#include "base/slice.h"

struct arrow_codec;
struct arrow_schema;
struct error;

/* The bytes of a buffer. */
struct arrow_buffer {
    bool is_present; /* false: the type lacks it, or there are no nulls */
    uint64_t n;      /* bytes in all */
    uint64_t file_at;
    struct arrow_bytes *window; /* its first byte is byte `from` of the buffer */
    uint64_t from;
    size_t window_bytes; /* that it usually has */
};

/* The values of a field. */
struct arrow_array {
    uint64_t n;
    struct arrow_buffer validity; /* a bit for each value, 1 if it is not null */
    struct arrow_buffer data;     /* values, indices of a dictionary, offsets, views or bits */
    struct arrow_buffer more;     /* bytes of texts, or sizes of list views */
    struct arrow_buffer *views;   /* data buffers of views */
    size_t n_views;
};

/* Zeroed: empty. It keeps its memory from one loading to the next. */
struct arrow_batch {
    size_t first;   /* field of arrays[0] */
    bool is_values; /* arrays[0] holds the values of a dictionary */
    struct arrow_array *arrays;
    size_t n_arrays;
    struct arrow_bytes *buffers; /* the windows of all buffers */
    struct arrow_buffer *views;  /* of those that hold the bytes of views */
    size_t n_buffers;            /* of either */
};

/* What loading needs besides the batch. */
struct arrow_loader {
    struct arrow_input *input;
    const struct arrow_schema *schema;
    struct arrow_codec *codec;
    struct arrow_bytes scratch; /* compressed bytes */
};

/* Can a body of this size hold that many rows? A batch that claims more is malformed. */
int arrow_batch_check_rows(const struct arrow_message *message,
                           const struct arrow_batch_header *header, struct error *err);
/* Load the arrays of the fields from first to the one before `end`. Of first itself, is_values
 * means that these are the values of its dictionary. Returns 0, or -1 with err set: ERR_INPUT
 * if the batch is damaged; ERR_NOMEM; ERR_IO. */
int arrow_batch_load(struct arrow_loader *loader, const struct arrow_message *message,
                     const struct arrow_batch_header *header, size_t first, size_t end,
                     bool is_values, struct arrow_batch *batch, struct error *err);
/* Get n bytes of a buffer, which has that many at `at`. They are valid until the next call for
 * this buffer. Returns 0, or -1 with err set: ERR_NOMEM, ERR_IO, ERR_INPUT if the file became
 * shorter. */
int arrow_buffer_get(struct arrow_input *input, struct arrow_buffer *buffer, uint64_t at,
                     size_t n, const char **out, struct error *err);
void arrow_batch_release(struct arrow_input *input, struct arrow_batch *batch);

#endif
