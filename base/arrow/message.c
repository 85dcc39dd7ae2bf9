/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/message.h"

#include <inttypes.h>
#include <string.h>

#include "base/arrow/input.h"
#include "base/error.h"

enum {
    MARKER_BYTES = 4,
    PREFIX_BYTES = 8,   /* marker and length */
    MAGIC_BYTES = 6,    /* "ARROW1"; two bytes of padding follow at the start */
    TRAILER_BYTES = 10, /* the length of the footer, and the magic */
    VERSION_4 = 3,      /* MetadataVersion: the first one that is stable */
    VERSION_5 = 4,
    NODE_BYTES = 16,
    BUFFER_BYTES = 16,
    BLOCK_BYTES = 24,
};

/* Members by their numbers in the .fbs files. */
enum { MESSAGE_VERSION, MESSAGE_HEADER_TYPE, MESSAGE_HEADER, MESSAGE_BODY_LENGTH };
enum { BATCH_LENGTH, BATCH_NODES, BATCH_BUFFERS, BATCH_COMPRESSION, BATCH_VARIADIC };
enum { COMPRESSION_CODEC, COMPRESSION_METHOD };
enum { DICTIONARY_ID, DICTIONARY_DATA, DICTIONARY_IS_DELTA };
enum { FOOTER_VERSION, FOOTER_SCHEMA, FOOTER_DICTIONARIES, FOOTER_BATCHES };

static const uint8_t file_magic[PREFIX_BYTES] = "ARROW1";
static const uint8_t marker[MARKER_BYTES] = { 0xff, 0xff, 0xff, 0xff };

static uint32_t load32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

bool arrow_matches(struct slice head)
{
    if (head.len < PREFIX_BYTES)
        return false;
    if (memcmp(head.ptr, file_magic, PREFIX_BYTES) == 0)
        return true;
    const uint32_t length = load32((const uint8_t *)head.ptr + MARKER_BYTES);
    return memcmp(head.ptr, marker, MARKER_BYTES) == 0 && length > 0 && length % 8 == 0 &&
           length <= ARROW_METADATA_MAX;
}

/* The offset of the first of the blocks that the footer lists, or `first` if that is smaller.
 */
static uint64_t first_block(const struct flat_list *blocks, uint64_t first)
{
    for (size_t i = 0; i < blocks->n; i++) {
        const uint64_t at = (uint64_t)flat_list_int64(blocks, i, 0);

        if (at < first)
            first = at;
    }
    return first;
}

/* Use a footer: the file has a schema there, and its first message may lack a marker. */
static int parse_footer(const struct arrow_input *input, uint64_t footer_at,
                        struct arrow_layout *out, struct error *err)
{
    const struct flat_table footer = flat_root(&out->buf);
    const struct flat_table schema = flat_table(&footer, FOOTER_SCHEMA);
    const struct flat_list dictionaries = flat_list(&footer, FOOTER_DICTIONARIES, BLOCK_BYTES);
    const struct flat_list batches = flat_list(&footer, FOOTER_BATCHES, BLOCK_BYTES);
    const uint64_t first = first_block(&batches, first_block(&dictionaries, footer_at));

    if (out->buf.bad || schema.at == 0)
        return error_set(err, ERR_INPUT, "%s: the footer at byte %" PRIu64 " is malformed",
                         input->name, footer_at);
    if (first < PREFIX_BYTES)
        return error_set(err, ERR_INPUT,
                         "%s: the footer at byte %" PRIu64
                         " says that a record batch begins at byte %" PRIu64,
                         input->name, footer_at, first);
    out->has_footer = true;
    out->schema = schema;
    out->dictionaries = dictionaries;
    out->first = first;
    out->end = footer_at;
    return 0;
}

int arrow_layout_read(struct arrow_input *input, struct arrow_bytes *footer,
                      struct arrow_layout *out, struct error *err)
{
    uint8_t head[PREFIX_BYTES], trailer[TRAILER_BYTES];

    *out = (struct arrow_layout){ .end = input->size_bytes };
    if (arrow_input_read(input, 0, head, sizeof head, err) < 0)
        return -1;
    out->is_file = memcmp(head, file_magic, sizeof head) == 0;
    if (!out->is_file)
        return 0;
    out->first = PREFIX_BYTES;
    if (input->size_bytes < PREFIX_BYTES + TRAILER_BYTES)
        return 0;
    const uint64_t trailer_at = input->size_bytes - TRAILER_BYTES;
    if (arrow_input_read(input, trailer_at, trailer, sizeof trailer, err) < 0)
        return -1;
    const uint32_t n = load32(trailer);
    if (memcmp(trailer + 4, file_magic, MAGIC_BYTES) != 0)
        return 0; /* the file is truncated: its batches can be read up to there */
    if (n > trailer_at - PREFIX_BYTES || n > ARROW_METADATA_MAX)
        return error_set(err, ERR_INPUT,
                         "%s: byte %" PRIu64 " says that the footer has %" PRId32 " bytes",
                         input->name, trailer_at, (int32_t)n);
    if (arrow_bytes_reserve(input, footer, n, err) < 0)
        return error_prefix(err, "%s", input->name);
    if (arrow_input_read(input, trailer_at - n, footer->ptr, n, err) < 0)
        return -1;
    flatbuf_init(&out->buf, slice_of((const char *)footer->ptr, n));
    return parse_footer(input, trailer_at - n, out, err);
}

int arrow_message_parse(struct slice metadata, struct arrow_message *out, struct error *err)
{
    flatbuf_init(&out->buf, metadata);
    const struct flat_table message = flat_root(&out->buf);
    const int64_t version = flat_int(&message, MESSAGE_VERSION, 2, 0);
    const int64_t type = flat_int(&message, MESSAGE_HEADER_TYPE, 1, 0);
    const int64_t body = flat_int(&message, MESSAGE_BODY_LENGTH, 8, 0);

    out->header = flat_table(&message, MESSAGE_HEADER);
    if (out->buf.bad)
        return error_set(err, ERR_INPUT, "malformed at byte %zu of the metadata",
                         out->buf.bad_at);
    if (version != VERSION_4 && version != VERSION_5)
        return error_set(err, ERR_UNSUPPORTED,
                         "metadata version %" PRId64 " is not supported: only 4 and 5 are",
                         version + 1);
    if (body < 0)
        return error_set(err, ERR_INPUT, "the body has a length of %" PRId64, body);
    if (out->header.at == 0)
        return error_set(err, ERR_INPUT, "it has no header");
    out->type = type >= ARROW_MESSAGE_SCHEMA && type <= ARROW_MESSAGE_BATCH
                    ? (enum arrow_message_type)type
                    : ARROW_MESSAGE_OTHER;
    out->is_v4 = version == VERSION_4;
    out->body_bytes = (uint64_t)body;
    return 0;
}

/* Get the length of the metadata of the message at `at`; 0 at the end of the stream. */
static int read_prefix(struct arrow_input *input, const struct arrow_layout *layout,
                       uint64_t at, uint32_t *length, struct error *err)
{
    uint8_t prefix[PREFIX_BYTES];

    *length = 0;
    if (at >= layout->end)
        return 0;
    if (layout->end - at < PREFIX_BYTES)
        return error_set(err, ERR_INPUT,
                         "%s: truncated at byte %" PRIu64 ": a message begins at byte %" PRIu64,
                         input->name, layout->end, at);
    if (arrow_input_read(input, at, prefix, sizeof prefix, err) < 0)
        return -1;
    if (memcmp(prefix, marker, sizeof marker) != 0)
        return error_set(err, ERR_INPUT, "%s: no message begins at byte %" PRIu64, input->name,
                         at);
    *length = load32(prefix + MARKER_BYTES);
    if (*length > ARROW_METADATA_MAX)
        return error_set(err, ERR_INPUT,
                         "%s: the message at byte %" PRIu64 " claims %" PRIu32
                         " bytes of metadata: at most %d are allowed",
                         input->name, at, *length, (int)ARROW_METADATA_MAX);
    if (*length > layout->end - at - PREFIX_BYTES)
        return error_set(err, ERR_INPUT,
                         "%s: truncated at byte %" PRIu64 ": the message at byte %" PRIu64
                         " has %" PRIu32 " bytes of metadata",
                         input->name, layout->end, at, *length);
    return 0;
}

int arrow_message_read(struct arrow_input *input, const struct arrow_layout *layout,
                       uint64_t *pos, struct arrow_bytes *metadata, struct arrow_message *out,
                       struct error *err)
{
    const uint64_t at = *pos;
    uint32_t length = 0;

    if (read_prefix(input, layout, at, &length, err) < 0)
        return -1;
    if (length == 0)
        return 0;
    if (arrow_bytes_reserve(input, metadata, length, err) < 0)
        return error_prefix(err, "%s: the message at byte %" PRIu64, input->name, at);
    if (arrow_input_read(input, at + PREFIX_BYTES, metadata->ptr, length, err) < 0)
        return -1;
    if (arrow_message_parse(slice_of((const char *)metadata->ptr, length), out, err) < 0)
        return error_prefix(err, "%s: the message at byte %" PRIu64, input->name, at);
    out->at = at;
    out->body_at = at + PREFIX_BYTES + length;
    if (out->body_bytes > layout->end - out->body_at)
        return error_set(err, ERR_INPUT,
                         "%s: truncated at byte %" PRIu64 ": the message at byte %" PRIu64
                         " has a body of %" PRIu64 " bytes",
                         input->name, layout->end, at, out->body_bytes);
    *pos = out->body_at + out->body_bytes;
    return 1;
}

int arrow_batch_header_parse(const struct flat_table *table, struct arrow_batch_header *out,
                             struct error *err)
{
    const int64_t n_rows = flat_int(table, BATCH_LENGTH, 8, 0);
    const struct flat_table compression = flat_table(table, BATCH_COMPRESSION);
    const int64_t codec = flat_int(&compression, COMPRESSION_CODEC, 1, 0);
    const int64_t method = flat_int(&compression, COMPRESSION_METHOD, 1, 0);

    *out = (struct arrow_batch_header){
        .n_rows = (uint64_t)n_rows,
        .nodes = flat_list(table, BATCH_NODES, NODE_BYTES),
        .buffers = flat_list(table, BATCH_BUFFERS, BUFFER_BYTES),
        .variadic = flat_list(table, BATCH_VARIADIC, 8),
        .compression = compression.at == 0 ? ARROW_UNCOMPRESSED : (enum arrow_compression)codec,
    };
    if (table->buf->bad)
        return error_set(err, ERR_INPUT, "malformed at byte %zu of the metadata",
                         table->buf->bad_at);
    if (n_rows < 0)
        return error_set(err, ERR_INPUT, "it claims %" PRId64 " rows", n_rows);
    if (compression.at != 0 && (codec < ARROW_LZ4 || codec > ARROW_ZSTD || method != 0))
        return error_set(err, ERR_UNSUPPORTED,
                         "compression %" PRId64 " of method %" PRId64
                         " is not supported: only LZ4 and ZSTD of whole buffers are",
                         codec, method);
    return 0;
}

int arrow_dictionary_header_parse(const struct flat_table *table,
                                  struct arrow_dictionary_header *out, struct error *err)
{
    *out = (struct arrow_dictionary_header){
        .id = flat_int(table, DICTIONARY_ID, 8, 0),
        .is_delta = flat_bool(table, DICTIONARY_IS_DELTA),
        .data = flat_table(table, DICTIONARY_DATA),
    };
    if (table->buf->bad)
        return error_set(err, ERR_INPUT, "malformed at byte %zu of the metadata",
                         table->buf->bad_at);
    if (out->data.at == 0)
        return error_set(err, ERR_INPUT, "it has no values");
    return 0;
}
