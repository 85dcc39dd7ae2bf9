/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/parquet_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lz4.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "base/error.h"
#include "base/parquet/page.h"
#include "base/parquet/thrift.h"

enum { FILE_MAX = 1 << 30 };

static void add(struct buf *out, const void *bytes, size_t n)
{
    struct error err;

    if (buf_add(out, bytes, n, &err) < 0)
        abort();
}

static void add_u32(struct buf *out, uint32_t value)
{
    const uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 24) };

    add(out, bytes, sizeof bytes);
}

void thrift_write_varint(struct buf *out, uint64_t value)
{
    do {
        const uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

        add(out, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

static void write_zigzag(struct buf *out, int64_t value)
{
    thrift_write_varint(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static void write_field(struct buf *out, int32_t *last, int32_t id, unsigned type)
{
    const int32_t delta = id - *last;
    const bool is_short = delta > 0 && delta < 16;
    const uint8_t head = (uint8_t)(type | (is_short ? (unsigned)delta << 4 : 0));

    add(out, &head, 1);
    if (!is_short)
        write_zigzag(out, id);
    *last = id;
}

void thrift_write_int(struct buf *out, int32_t *last, int32_t id, unsigned type, int64_t value)
{
    write_field(out, last, id, type);
    write_zigzag(out, value);
}

void thrift_write_bool(struct buf *out, int32_t *last, int32_t id, bool value)
{
    write_field(out, last, id, value ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_write_binary(struct buf *out, int32_t *last, int32_t id, struct slice value)
{
    write_field(out, last, id, THRIFT_BINARY);
    thrift_write_varint(out, value.len);
    add(out, value.ptr, value.len);
}

void thrift_write_list(struct buf *out, int32_t *last, int32_t id, unsigned element, size_t n)
{
    const uint8_t head = (uint8_t)((n < 15 ? n << 4 : 0xf0) | element);

    write_field(out, last, id, THRIFT_LIST);
    add(out, &head, 1);
    if (n >= 15)
        thrift_write_varint(out, n);
}

void thrift_write_struct(struct buf *out, int32_t *last, int32_t id)
{
    write_field(out, last, id, THRIFT_STRUCT);
}

void thrift_write_stop(struct buf *out)
{
    add(out, "", 1);
}

/* Blocks of the format that hold their bytes as they are: RFC 7932, section 9.2. */
static void pack_brotli(struct slice bytes, struct buf *out)
{
    const size_t block = 1 << 16;

    for (size_t at = 0; at < bytes.len || at == 0; at += block) {
        const size_t n = bytes.len - at < block ? bytes.len - at : block;
        const unsigned shift = at == 0 ? 1 : 0; /* the window of the stream is a bit before */
        const uint32_t head =
            n == 0 ? 0 : ((uint32_t)(n - 1) << (3 + shift)) | (uint32_t)1 << (19 + shift);
        const uint8_t head_bytes[] = { (uint8_t)head, (uint8_t)(head >> 8),
                                       (uint8_t)(head >> 16) };

        if (n == 0) {
            add(out, "\x06", 1); /* an empty stream */
            return;
        }
        add(out, head_bytes, sizeof head_bytes);
        add(out, bytes.ptr + at, n);
    }
    add(out, "\x03", 1);
}

static void pack_gzip(struct slice bytes, struct buf *out)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes.ptr, .avail_in = (uInt)bytes.len };
    uint8_t part[4096];
    int rc;

    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    do {
        z.next_out = part;
        z.avail_out = sizeof part;
        rc = deflate(&z, Z_FINISH);
        add(out, part, sizeof part - z.avail_out);
    } while (rc == Z_OK);
    deflateEnd(&z);
}

void parquet_pack(enum written_codec codec, struct slice bytes, struct buf *out)
{
    const size_t room = 2 * bytes.len + 1024;
    char *packed = malloc(room);
    size_t n = room;

    if (!packed)
        abort();
    if (codec == WRITTEN_SNAPPY) {
        if (snappy_compress(bytes.ptr ? bytes.ptr : "", bytes.len, packed, &n) != SNAPPY_OK)
            abort();
        add(out, packed, n);
    } else if (codec == WRITTEN_ZSTD) {
        add(out, packed, ZSTD_compress(packed, room, bytes.ptr, bytes.len, 1));
    } else if (codec == WRITTEN_LZ4) {
        add(out, packed,
            (size_t)LZ4_compress_default(bytes.ptr, packed, (int)bytes.len, (int)room));
    } else if (codec == WRITTEN_GZIP) {
        pack_gzip(bytes, out);
    } else if (codec == WRITTEN_BROTLI) {
        pack_brotli(bytes, out);
    } else {
        add(out, bytes.ptr, bytes.len);
    }
    free(packed);
}

void parquet_writer_init(struct parquet_writer *writer)
{
    *writer = (struct parquet_writer){ .n_chunks = 0 };
    buf_init(&writer->file, FILE_MAX);
    buf_init(&writer->scratch, FILE_MAX);
    buf_init(&writer->packed, FILE_MAX);
    add(&writer->file, "PAR1", 4);
    writer->now.begin = writer->file.len;
}

void parquet_writer_release(struct parquet_writer *writer)
{
    buf_release(&writer->file);
    buf_release(&writer->scratch);
    buf_release(&writer->packed);
}

static void write_numbers(struct buf *out, const struct written_page *page)
{
    const int32_t level_encoding = page->level_encoding ? page->level_encoding : PAGE_RLE;
    int32_t last = 0;

    thrift_write_int(out, &last, 1, THRIFT_I32, page->n_values);
    if (page->type == PAGE_DATA_V2) {
        thrift_write_int(out, &last, 2, THRIFT_I32, 0);
        thrift_write_int(out, &last, 3, THRIFT_I32, page->n_values);
        thrift_write_int(out, &last, 4, THRIFT_I32, page->encoding);
        thrift_write_int(out, &last, 5, THRIFT_I32, (int64_t)page->definitions.len);
        thrift_write_int(out, &last, 6, THRIFT_I32, (int64_t)page->repetitions.len);
        if (page->is_stored)
            thrift_write_bool(out, &last, 7, false);
    } else {
        thrift_write_int(out, &last, 2, THRIFT_I32, page->encoding);
        if (page->type == PAGE_DATA) {
            thrift_write_int(out, &last, 3, THRIFT_I32, level_encoding);
            thrift_write_int(out, &last, 4, THRIFT_I32, level_encoding);
        }
    }
    thrift_write_stop(out);
}

static void write_header(struct parquet_writer *writer, const struct written_page *page,
                         size_t n_bytes)
{
    const struct slice packed = buf_slice(&writer->packed);
    const uint32_t crc = (uint32_t)crc32_z(0, (const Bytef *)packed.ptr, packed.len);
    struct buf *out = &writer->file;
    int32_t last = 0;

    thrift_write_int(out, &last, 1, THRIFT_I32, page->type);
    thrift_write_int(out, &last, 2, THRIFT_I32,
                     page->claimed_bytes ? page->claimed_bytes : (int64_t)n_bytes);
    thrift_write_int(out, &last, 3, THRIFT_I32,
                     page->claimed_compressed ? page->claimed_compressed : (int64_t)packed.len);
    if (page->has_crc)
        thrift_write_int(out, &last, 4, THRIFT_I32,
                         (int32_t)(page->breaks_crc ? crc ^ 1 : crc));
    thrift_write_struct(out, &last,
                        page->type == PAGE_DATA         ? 5
                        : page->type == PAGE_DICTIONARY ? 7
                                                        : 8);
    write_numbers(out, page);
    thrift_write_stop(out);
}

void parquet_write_page(struct parquet_writer *writer, const struct written_page *page)
{
    const bool is_v2 = page->type == PAGE_DATA_V2;
    const struct slice levels[] = { page->repetitions, page->definitions };

    buf_clear(&writer->packed);
    buf_clear(&writer->scratch);
    for (size_t i = 0; i < 2; i++) {
        if (levels[i].ptr && !is_v2)
            add_u32(&writer->scratch, (uint32_t)levels[i].len);
        if (levels[i].ptr)
            add(is_v2 ? &writer->packed : &writer->scratch, levels[i].ptr, levels[i].len);
    }
    add(&writer->scratch, page->body.ptr, page->body.len);
    const size_t n_bytes = writer->packed.len + writer->scratch.len;
    parquet_pack(page->is_stored ? WRITTEN_NONE : page->codec, buf_slice(&writer->scratch),
                 &writer->packed);
    if (page->type == PAGE_DICTIONARY) {
        writer->now.has_dictionary = true;
    } else {
        if (writer->now.data_at == 0)
            writer->now.data_at = writer->file.len;
        writer->now.n_values += page->n_values;
    }
    write_header(writer, page, n_bytes);
    add(&writer->file, writer->packed.data, writer->packed.len);
}

void parquet_end_column(struct parquet_writer *writer, enum parquet_type type,
                        enum written_codec codec)
{
    if (writer->n_chunks == WRITTEN_CHUNKS_MAX)
        abort();
    writer->now.type = type;
    writer->now.codec = codec;
    writer->now.end = writer->file.len;
    if (writer->now.data_at == 0)
        writer->now.data_at = writer->now.begin;
    writer->chunks[writer->n_chunks++] = writer->now;
    writer->now = (struct written_chunk){ .begin = writer->file.len };
}

static void write_element(struct buf *out, const struct written_element *element, bool is_root)
{
    int32_t last = 0;

    if (!element->is_group)
        thrift_write_int(out, &last, 1, THRIFT_I32, (int)element->type);
    if (element->type_length != 0)
        thrift_write_int(out, &last, 2, THRIFT_I32, element->type_length);
    if (!is_root)
        thrift_write_int(out, &last, 3, THRIFT_I32, (int)element->repetition);
    thrift_write_binary(out, &last, 4, slice_text(element->name));
    if (element->is_group)
        thrift_write_int(out, &last, 5, THRIFT_I32, element->n_children);
    if (element->has_converted)
        thrift_write_int(out, &last, 6, THRIFT_I32, element->converted);
    if (element->logical.ptr) {
        thrift_write_struct(out, &last, 10);
        add(out, element->logical.ptr, element->logical.len);
    }
    thrift_write_stop(out);
}

static void write_chunk(struct buf *out, const struct written_chunk *chunk)
{
    int32_t last = 0, meta = 0;

    if (chunk->is_in_other_file)
        thrift_write_binary(out, &last, 1, slice_text("other.parquet"));
    thrift_write_int(out, &last, 2, THRIFT_I64, 0);
    thrift_write_struct(out, &last, 3);
    thrift_write_int(out, &meta, 1, THRIFT_I32, (int)chunk->type);
    thrift_write_list(out, &meta, 2, THRIFT_I32, 0);
    thrift_write_list(out, &meta, 3, THRIFT_BINARY, 0);
    thrift_write_int(out, &meta, 4, THRIFT_I32, (int)chunk->codec);
    thrift_write_int(out, &meta, 5, THRIFT_I64, chunk->n_values);
    thrift_write_int(out, &meta, 7, THRIFT_I64, (int64_t)(chunk->end - chunk->begin));
    thrift_write_int(out, &meta, 9, THRIFT_I64, (int64_t)chunk->data_at);
    if (chunk->has_dictionary)
        thrift_write_int(out, &meta, 11, THRIFT_I64, (int64_t)chunk->begin);
    thrift_write_stop(out);
    if (chunk->is_encrypted) {
        thrift_write_struct(out, &last, 8);
        thrift_write_stop(out);
    }
    thrift_write_stop(out);
}

static void write_group(struct buf *out, const struct written_chunk *chunks, size_t n_chunks,
                        int64_t n_rows)
{
    int32_t last = 0;

    thrift_write_list(out, &last, 1, THRIFT_STRUCT, n_chunks);
    for (size_t i = 0; i < n_chunks; i++)
        write_chunk(out, &chunks[i]);
    thrift_write_int(out, &last, 2, THRIFT_I64, 0);
    thrift_write_int(out, &last, 3, THRIFT_I64, n_rows);
    thrift_write_stop(out);
}

/* What comes behind the row groups. */
static void write_rest(struct buf *out, int32_t *last, const struct parquet_writer *writer)
{
    int32_t pair = 0;

    if (writer->key) {
        thrift_write_list(out, last, 5, THRIFT_STRUCT, 1);
        thrift_write_binary(out, &pair, 1, slice_text(writer->key));
        thrift_write_binary(out, &pair, 2, slice_text(writer->value));
        thrift_write_stop(out);
    }
    if (writer->is_encrypted) {
        thrift_write_struct(out, last, 8);
        thrift_write_stop(out);
    }
    thrift_write_stop(out);
}

struct slice parquet_end_file(struct parquet_writer *writer,
                              const struct written_element *elements, size_t n_elements,
                              size_t n_leaves, const int64_t *n_rows)
{
    const size_t n_groups = n_leaves > 0 ? writer->n_chunks / n_leaves : 0;
    struct buf *out = &writer->file;
    const size_t begin = out->len;
    int32_t last = 0;
    int64_t n = 0;

    for (size_t i = 0; i < n_groups; i++)
        n += n_rows[i];
    thrift_write_int(out, &last, 1, THRIFT_I32, 1);
    thrift_write_list(out, &last, 2, THRIFT_STRUCT, n_elements);
    for (size_t i = 0; i < n_elements; i++)
        write_element(out, &elements[i], i == 0);
    thrift_write_int(out, &last, 3, THRIFT_I64,
                     writer->claimed_rows ? writer->claimed_rows : n);
    thrift_write_list(out, &last, 4, THRIFT_STRUCT, n_groups);
    for (size_t i = 0; i < n_groups; i++)
        write_group(out, &writer->chunks[i * n_leaves], n_leaves, n_rows[i]);
    write_rest(out, &last, writer);
    add_u32(out, (uint32_t)(out->len - begin));
    add(out, "PAR1", 4);
    return buf_slice(out);
}

int parquet_descriptor(struct slice bytes)
{
    FILE *file = tmpfile();
    const int fd = file ? dup(fileno(file)) : -1;

    if (fd < 0 || fwrite(bytes.ptr, 1, bytes.len, file) != bytes.len || fclose(file) != 0)
        abort();
    return fd;
}
