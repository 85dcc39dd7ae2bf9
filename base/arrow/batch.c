/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arrow/codec.h"
#include "base/arrow/schema.h"
#include "base/error.h"

enum {
    ROWS_FREE = 1 << 24,    /* that many rows of nulls need no bytes */
    LENGTH_BYTES = 8,       /* before a compressed buffer: what it decompresses to */
    BLOCK_BYTES = 64 << 10, /* of compressed bytes that are read at a time */
    WINDOW_MAX = 1 << 20,   /* a buffer of at most that many bytes is in memory as a whole */
    WINDOW_MIN = 512,
    FIRST_BYTES = 64 << 10, /* of memory for a compressed buffer, unless it claims less */
};

/* The place in the metadata of a batch. */
struct walk {
    struct arrow_loader *loader;
    const struct arrow_message *message;
    const struct arrow_batch_header *header;
    struct arrow_batch *batch;
    size_t node, buffer, variadic;
    bool is_whole;       /* buffers are read as a whole, because values have any order */
    size_t window_bytes; /* longer buffers are in memory in part */
    uint64_t n_max;      /* values that an array can have */
    uint64_t bytes_left; /* buffers together are no longer than the body */
};

/* The buffers of a field. */
struct layout {
    bool has_validity;
    uint64_t data_bits; /* of each value or offset; 0: there is no such buffer */
    bool has_end;       /* there is one offset more than there are values */
    uint64_t more_bits; /* of each size of a list view */
    bool has_bytes;     /* a buffer of bytes follows */
    bool has_views;     /* any number of buffers follows */
};

static uint64_t rows_max(const struct arrow_message *message,
                         const struct arrow_batch_header *header)
{
    const uint64_t most = arrow_codec_most(header->compression, message->body_bytes);

    return most > UINT64_MAX / 16 ? UINT64_MAX / 2 : 8 * most + ROWS_FREE;
}

int arrow_batch_check_rows(const struct arrow_message *message,
                           const struct arrow_batch_header *header, struct error *err)
{
    if (header->n_rows > rows_max(message, header))
        return error_set(err, ERR_INPUT,
                         "it claims %" PRIu64 " rows, and its body has %" PRIu64 " bytes",
                         header->n_rows, message->body_bytes);
    return 0;
}

static struct layout layout_of(const struct arrow_field *field, bool is_indices, bool is_v4)
{
    if (is_indices)
        return (struct layout){ .has_validity = true, .data_bits = field->index_bits };
    switch (field->type) {
    case ARROW_NULL:
    case ARROW_RUN_END_ENCODED:
        return (struct layout){ .has_validity = false };
    case ARROW_INT:
    case ARROW_FLOAT:
    case ARROW_DECIMAL:
    case ARROW_DATE:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
    case ARROW_INTERVAL:
    case ARROW_DURATION:
        return (struct layout){ .has_validity = true, .data_bits = field->bits };
    case ARROW_BOOL:
        return (struct layout){ .has_validity = true, .data_bits = 1 };
    case ARROW_FIXED_BINARY:
        return (struct layout){ .has_validity = true, .has_bytes = true };
    case ARROW_BINARY:
    case ARROW_UTF8:
        return (struct layout){ true, 32, .has_end = true, .has_bytes = true };
    case ARROW_LARGE_BINARY:
    case ARROW_LARGE_UTF8:
        return (struct layout){ true, 64, .has_end = true, .has_bytes = true };
    case ARROW_BINARY_VIEW:
    case ARROW_UTF8_VIEW:
        return (struct layout){ true, 128, .has_views = true };
    case ARROW_LIST:
    case ARROW_MAP:
        return (struct layout){ true, 32, .has_end = true };
    case ARROW_LARGE_LIST:
        return (struct layout){ true, 64, .has_end = true };
    case ARROW_LIST_VIEW:
        return (struct layout){ true, 32, .more_bits = 32 };
    case ARROW_LARGE_LIST_VIEW:
        return (struct layout){ true, 64, .more_bits = 64 };
    case ARROW_STRUCT:
    case ARROW_FIXED_LIST:
        return (struct layout){ .has_validity = true };
    case ARROW_UNION:
        return (struct layout){ is_v4, 8, .more_bits = field->is_dense ? 32 : 0 };
    }
    return (struct layout){ .has_validity = false };
}

/* Decompress the bytes from `at` to `end` of the file. The memory grows with what comes. */
static int decompress_buffer(struct walk *walk, uint64_t at, uint64_t end, uint64_t claimed,
                             struct arrow_bytes *out, struct error *err)
{
    struct arrow_loader *loader = walk->loader;
    struct slice in = { NULL, 0 };
    bool done = false;

    out->len = 0;
    if (arrow_codec_begin(loader->codec, walk->header->compression, err) < 0 ||
        arrow_bytes_reserve(loader->input, &loader->scratch, BLOCK_BYTES, err) < 0 ||
        arrow_bytes_reserve(loader->input, out, claimed < FIRST_BYTES ? claimed : FIRST_BYTES,
                            err) < 0)
        return -1;
    while (!done) {
        if (in.len == 0 && at < end) {
            const size_t n = end - at < BLOCK_BYTES ? (size_t)(end - at) : BLOCK_BYTES;

            if (arrow_input_read(loader->input, at, loader->scratch.ptr, n, err) < 0)
                return -1;
            in = slice_of((const char *)loader->scratch.ptr, n);
            at += n;
        }
        const size_t wanted = out->cap < claimed / 2 ? 2 * out->cap : claimed;
        if (out->len == out->cap && out->cap < claimed &&
            arrow_bytes_reserve(loader->input, out, wanted, err) < 0)
            return -1;
        const size_t n_in = in.len;
        const size_t room = (out->cap < claimed ? out->cap : claimed) - out->len;
        size_t n_out = room;
        if (arrow_codec_step(loader->codec, &in, out->ptr + out->len, &n_out, &done, err) < 0)
            return -1;
        out->len += n_out;
        if (!done && n_out == 0 && in.len == n_in && (in.len > 0 || at == end))
            return error_set(err, ERR_INPUT,
                             room == 0 ? "a buffer does not end after the %" PRIu64
                                         " bytes that it claims"
                                       : "a buffer of %" PRIu64 " bytes is truncated",
                             claimed);
    }
    return out->len == claimed
               ? 0
               : error_set(err, ERR_INPUT,
                           "a buffer claims %" PRIu64 " bytes and decompresses to %zu", claimed,
                           out->len);
}

/* Read n bytes of the file at `at`, which are not compressed. */
static int read_uncompressed(struct walk *walk, uint64_t at, uint64_t n,
                             struct arrow_bytes *out, struct error *err)
{
    if (n > SIZE_MAX)
        return error_nomem(err);
    if (arrow_bytes_reserve(walk->loader->input, out, n, err) < 0 ||
        arrow_input_read(walk->loader->input, at, out->ptr, n, err) < 0)
        return -1;
    out->len = n;
    return 0;
}

/* Read a buffer that begins with the length that it decompresses to. -1: it is not compressed.
 */
static int read_compressed(struct walk *walk, uint64_t at, uint64_t n, struct arrow_bytes *out,
                           struct error *err)
{
    const enum arrow_compression compression = walk->header->compression;
    uint8_t prefix[LENGTH_BYTES];
    uint64_t claimed = 0;

    if (n < LENGTH_BYTES)
        return error_set(err, ERR_INPUT, "a compressed buffer has %" PRIu64 " bytes", n);
    if (arrow_input_read(walk->loader->input, at, prefix, sizeof prefix, err) < 0)
        return -1;
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        claimed |= (uint64_t)prefix[i] << (8 * i);
    if (claimed == UINT64_MAX)
        return read_uncompressed(walk, at + LENGTH_BYTES, n - LENGTH_BYTES, out, err);
    if (claimed > arrow_codec_most(compression, n - LENGTH_BYTES) || claimed > SIZE_MAX / 2)
        return error_set(err, ERR_INPUT,
                         "a buffer of %" PRIu64 " bytes claims to decompress to %" PRId64, n,
                         (int64_t)claimed);
    if (claimed > 0)
        return decompress_buffer(walk, at + LENGTH_BYTES, at + n, claimed, out, err);
    out->len = 0;
    return 0;
}

/* Read a buffer of n bytes that are not compressed. A long one is read when values of it are
 * used. */
static int read_first_window(struct walk *walk, uint64_t at, uint64_t n,
                             struct arrow_buffer *out, struct error *err)
{
    out->n = n;
    out->window_bytes = walk->window_bytes;
    return walk->is_whole || n <= walk->window_bytes
               ? read_uncompressed(walk, at, n, out->window, err)
               : 0;
}

static int read_buffer(struct walk *walk, uint64_t at, uint64_t n, struct arrow_buffer *out,
                       struct error *err)
{
    if (n == 0)
        return 0;
    if (walk->header->compression == ARROW_UNCOMPRESSED)
        return read_first_window(walk, at, n, out, err);
    if (read_compressed(walk, at, n, out->window, err) < 0)
        return -1;
    out->n = out->window->len;
    return 0;
}

/* Go to the next buffer. If `out` is given it is read, and must have `least` bytes or more. */
static int next_buffer(struct walk *walk, uint64_t least, struct arrow_buffer *out,
                       struct error *err)
{
    const struct flat_list *buffers = &walk->header->buffers;
    const size_t i = walk->buffer++;

    if (i >= buffers->n)
        return error_set(err, ERR_INPUT, "the batch has only %zu buffers", buffers->n);
    if (!out)
        return 0;
    const uint64_t offset = (uint64_t)flat_list_int64(buffers, i, 0);
    const uint64_t n = (uint64_t)flat_list_int64(buffers, i, 8);
    const uint64_t body_bytes = walk->message->body_bytes;
    const uint64_t at = walk->message->body_at + offset;
    if (offset > body_bytes || n > body_bytes - offset)
        return error_set(err, ERR_INPUT,
                         "buffer %zu has %" PRId64 " bytes at byte %" PRId64
                         " of a body of %" PRIu64 " bytes",
                         i, (int64_t)n, (int64_t)offset, body_bytes);
    if (n > walk->bytes_left)
        return error_set(err, ERR_INPUT, "buffer %zu overlaps others", i);
    walk->bytes_left -= n;
    *out = (struct arrow_buffer){ .is_present = true,
                                  .file_at = at,
                                  .window = &walk->batch->buffers[i] };
    out->window->len = 0;
    if (read_buffer(walk, at, n, out, err) < 0)
        return -1;
    if (out->n < least)
        return error_set(err, ERR_INPUT, "buffer %zu has %" PRIu64 " bytes, and needs %" PRIu64,
                         i, out->n, least);
    return 0;
}

int arrow_buffer_get(struct arrow_input *input, struct arrow_buffer *buffer, uint64_t at,
                     size_t n, const char **out, struct error *err)
{
    struct arrow_bytes *window = buffer->window;
    const bool is_behind = at >= buffer->from && at - buffer->from <= window->len;

    if (!is_behind || n > window->len - (size_t)(at - buffer->from)) {
        /* A jump gets a small window, so that it costs little. */
        const size_t usual = is_behind ? buffer->window_bytes : WINDOW_MIN;
        const size_t room = usual > n ? usual : n;
        const uint64_t left = buffer->n - at;
        const size_t wanted = left < room ? (size_t)left : room;

        window->len = 0;
        if (arrow_bytes_reserve(input, window, wanted, err) < 0 ||
            arrow_input_read(input, buffer->file_at + at, window->ptr, wanted, err) < 0)
            return -1;
        window->len = wanted;
        buffer->from = at;
    }
    *out = window->ptr ? (const char *)window->ptr + (at - buffer->from) : "";
    return 0;
}

/* The bytes of n elements of so many bits. */
static int bytes_of(uint64_t n, uint64_t bits, uint64_t *out, struct error *err)
{
    uint64_t total;

    if (__builtin_mul_overflow(n, bits, &total) || total > UINT64_MAX - 7)
        return error_set(err, ERR_INPUT, "an array claims %" PRIu64 " values", n);
    *out = (total + 7) / 8;
    return 0;
}

static int load_views(struct walk *walk, bool is_used, struct arrow_array *array,
                      struct error *err)
{
    const struct flat_list *counts = &walk->header->variadic;

    if (walk->variadic >= counts->n)
        return error_set(err, ERR_INPUT, "the batch has only %zu numbers of data buffers",
                         counts->n);
    const uint64_t n = (uint64_t)flat_list_int64(counts, walk->variadic++, 0);
    const size_t n_left = walk->header->buffers.n - walk->buffer;
    if (n > n_left)
        return error_set(err, ERR_INPUT, "%" PRId64 " data buffers are claimed, %zu are left",
                         (int64_t)n, n_left);
    array->views = walk->batch->views + walk->buffer;
    array->n_views = (size_t)n;
    for (size_t i = 0; i < array->n_views; i++)
        if (next_buffer(walk, 0, is_used ? &array->views[i] : NULL, err) < 0)
            return -1;
    return 0;
}

static int load_array(struct walk *walk, const struct arrow_field *field, bool is_indices,
                      struct arrow_array *array, struct error *err)
{
    const struct layout layout = layout_of(field, is_indices, walk->message->is_v4);
    uint64_t validity_bytes = 0, data_bytes = 0, more_bytes = 0;

    if (walk->node >= walk->header->nodes.n)
        return error_set(err, ERR_INPUT, "the batch has only %zu arrays",
                         walk->header->nodes.n);
    const size_t node = walk->node++;
    array->n = (uint64_t)flat_list_int64(&walk->header->nodes, node, 0);
    const bool has_nulls = flat_list_int64(&walk->header->nodes, node, 8) != 0;
    if (array->n > walk->n_max)
        return error_set(err, ERR_INPUT, "an array claims %" PRId64 " values",
                         (int64_t)array->n);
    const bool has_end = layout.has_end && array->n > 0;
    const uint64_t each = layout.has_bytes && layout.data_bits == 0 ? field->n_each : 0;
    if (bytes_of(array->n, has_nulls, &validity_bytes, err) < 0 ||
        bytes_of(array->n + has_end, layout.data_bits, &data_bytes, err) < 0 ||
        bytes_of(array->n, layout.more_bits + 8 * each, &more_bytes, err) < 0)
        return -1;
    if (layout.has_validity &&
        next_buffer(walk, validity_bytes, field->is_used && has_nulls ? &array->validity : NULL,
                    err) < 0)
        return -1;
    if (layout.data_bits > 0 &&
        next_buffer(walk, data_bytes, field->is_used ? &array->data : NULL, err) < 0)
        return -1;
    if ((layout.more_bits > 0 || layout.has_bytes) &&
        next_buffer(walk, more_bytes, field->is_used ? &array->more : NULL, err) < 0)
        return -1;
    return layout.has_views ? load_views(walk, field->is_used, array, err) : 0;
}

/* Make room for the arrays, and for as many buffers as the batch has. */
static int prepare(struct arrow_batch *batch, size_t first, size_t n_arrays, size_t n_buffers,
                   struct error *err)
{
    if (batch->n_arrays < n_arrays) {
        void *arrays = reallocarray(batch->arrays, n_arrays, sizeof *batch->arrays);

        if (!arrays)
            return error_nomem(err);
        batch->arrays = arrays;
        batch->n_arrays = n_arrays;
    }
    memset(batch->arrays, 0, batch->n_arrays * sizeof *batch->arrays);
    batch->first = first;
    if (batch->n_buffers < n_buffers) {
        struct arrow_bytes *buffers =
            reallocarray(batch->buffers, n_buffers, sizeof *batch->buffers);

        if (!buffers)
            return error_nomem(err);
        memset(buffers + batch->n_buffers, 0, (n_buffers - batch->n_buffers) * sizeof *buffers);
        batch->buffers = buffers;
        struct arrow_buffer *views = reallocarray(batch->views, n_buffers, sizeof *views);
        if (!views)
            return error_nomem(err);
        batch->views = views;
        batch->n_buffers = n_buffers;
    }
    return 0;
}

static int load_fields(struct walk *walk, size_t first, size_t end, bool is_values,
                       struct error *err)
{
    const struct arrow_schema *schema = walk->loader->schema;
    size_t whole_end = is_values ? end : first; /* fields before it are read as a whole */

    for (size_t i = first; i < end;) {
        const struct arrow_field *field = &schema->fields[i];
        const bool is_first = is_values && i == first;
        const bool is_indices = field->has_dictionary && !is_first;
        struct arrow_array *array = &walk->batch->arrays[i - first];

        walk->is_whole = i < whole_end;
        if (field->type == ARROW_LIST_VIEW || field->type == ARROW_LARGE_LIST_VIEW)
            whole_end = field->next > whole_end ? field->next : whole_end;
        if (load_array(walk, field, is_indices, array, err) < 0)
            return err->code == ERR_INPUT ? arrow_schema_prefix(schema, i, err) : -1;
        if ((is_first || field->parent == SIZE_MAX) && array->n != walk->header->n_rows) {
            error_set(err, ERR_INPUT, "%" PRIu64 " values, and the batch has %" PRIu64 " rows",
                      array->n, walk->header->n_rows);
            return arrow_schema_prefix(schema, i, err);
        }
        i = is_indices ? field->next : i + 1;
    }
    return 0;
}

/* The windows of all buffers together use at most half of the memory. */
static size_t window_of(const struct arrow_input *input,
                        const struct arrow_batch_header *header)
{
    const uint64_t share = input->max_bytes / 2 / (header->buffers.n + 1);

    if (input->max_bytes == 0 || share >= WINDOW_MAX)
        return WINDOW_MAX;
    return share > WINDOW_MIN ? (size_t)share : WINDOW_MIN;
}

int arrow_batch_load(struct arrow_loader *loader, const struct arrow_message *message,
                     const struct arrow_batch_header *header, size_t first, size_t end,
                     bool is_values, struct arrow_batch *batch, struct error *err)
{
    const struct walk start = {
        .loader = loader,
        .message = message,
        .header = header,
        .batch = batch,
        .window_bytes = window_of(loader->input, header),
        .n_max = rows_max(message, header),
        .bytes_left = message->body_bytes,
    };
    struct walk walk = start;

    if (prepare(batch, first, end - first, header->buffers.n, err) < 0)
        return -1;
    batch->is_values = is_values;
    int rc = load_fields(&walk, first, end, is_values, err);
    if (rc == 0 || err->code != ERR_NOMEM || loader->input->max_bytes == 0)
        return rc;
    /* Buffers keep the memory that they needed for earlier batches. Without it there may be
     * enough. */
    arrow_batch_release(loader->input, batch);
    walk = start;
    if (prepare(batch, first, end - first, header->buffers.n, err) < 0)
        return -1;
    batch->is_values = is_values;
    return load_fields(&walk, first, end, is_values, err);
}

void arrow_batch_release(struct arrow_input *input, struct arrow_batch *batch)
{
    for (size_t i = 0; i < batch->n_buffers; i++)
        arrow_bytes_free(input, &batch->buffers[i]);
    free(batch->buffers);
    free(batch->views);
    free(batch->arrays);
    *batch = (struct arrow_batch){ .n_arrays = 0 };
}
