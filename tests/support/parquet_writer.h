/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parquet_writer.h - make Parquet files in memory, valid ones and malformed ones.
 *
 * Write the pages of a column, end the column, and so on for each leaf and each row group; then
 * write the footer. The writer writes what it is given, and computes the rest. Running out of
 * memory aborts.
 */
#ifndef CURATE_TEST_PARQUET_WRITER_H
#define CURATE_TEST_PARQUET_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/parquet/file.h"
#include "base/slice.h"

/* Numbers of parquet.thrift. */
enum written_codec {
    WRITTEN_NONE = 0,
    WRITTEN_SNAPPY = 1,
    WRITTEN_GZIP = 2,
    WRITTEN_BROTLI = 4,
    WRITTEN_ZSTD = 6,
    WRITTEN_LZ4 = 7,
};

/* An element of the schema. A zeroed struct with a name is a required BOOLEAN. */
struct written_element {
    const char *name;
    enum parquet_repetition repetition;
    bool is_group;
    int32_t n_children;
    enum parquet_type type;
    int32_t type_length;
    bool has_converted;
    int32_t converted;
    struct slice logical; /* LogicalType as bytes of the compact protocol; ptr NULL: none */
};

struct written_page {
    int32_t type; /* enum page_type */
    int32_t encoding;
    int32_t n_values;
    struct slice repetitions; /* encoded, without a length; ptr NULL: no such levels */
    struct slice definitions;
    struct slice body; /* encoded values */
    enum written_codec codec;
    bool is_stored; /* version 2: is_compressed is false */
    bool has_crc;
    bool breaks_crc;
    /* Claims instead of the truth; 0: the truth. */
    int32_t claimed_bytes;
    int32_t claimed_compressed;
    int32_t level_encoding; /* 0: RLE */
};

struct written_chunk {
    enum parquet_type type;
    enum written_codec codec;
    int64_t n_values;
    uint64_t begin;
    uint64_t end;
    bool has_dictionary;
    uint64_t data_at; /* of the first data page */
    bool is_in_other_file;
    bool is_encrypted;
};

enum { WRITTEN_CHUNKS_MAX = 64 };

struct parquet_writer {
    struct buf file;
    struct buf scratch;
    struct buf packed;
    struct written_chunk chunks[WRITTEN_CHUNKS_MAX];
    size_t n_chunks;
    struct written_chunk now; /* the column that is written */
    /* What else the footer says. */
    int64_t claimed_rows; /* 0: the truth */
    bool is_encrypted;
    const char *key; /* with value; NULL: no keys */
    const char *value;
};

void parquet_writer_init(struct parquet_writer *writer);
void parquet_writer_release(struct parquet_writer *writer);
/* Append a page to the column. */
void parquet_write_page(struct parquet_writer *writer, const struct written_page *page);
/* End the column. Its number of values is that of its data pages. */
void parquet_end_column(struct parquet_writer *writer, enum parquet_type type,
                        enum written_codec codec);
/* Write the footer: the schema, whose first element is the root, and one row group for every
 * n_leaves columns. n_rows are the rows of each group. Returns the whole file, which is valid
 * until the writer changes. Change writer->chunks before to make claims. */
struct slice parquet_end_file(struct parquet_writer *writer,
                              const struct written_element *elements, size_t n_elements,
                              size_t n_leaves, const int64_t *n_rows);

/* Compress bytes as a page of this codec is; appends to out. */
void parquet_pack(enum written_codec codec, struct slice bytes, struct buf *out);

/* Values of the compact protocol, for footers by hand. A struct begins with *last == 0 and ends
 * with thrift_write_stop(). */
void thrift_write_int(struct buf *out, int32_t *last, int32_t id, unsigned type, int64_t value);
void thrift_write_bool(struct buf *out, int32_t *last, int32_t id, bool value);
void thrift_write_binary(struct buf *out, int32_t *last, int32_t id, struct slice value);
void thrift_write_list(struct buf *out, int32_t *last, int32_t id, unsigned element, size_t n);
void thrift_write_struct(struct buf *out, int32_t *last, int32_t id);
void thrift_write_stop(struct buf *out);
void thrift_write_varint(struct buf *out, uint64_t value);

/* A descriptor of a temporary file with these bytes, for the caller to close. */
int parquet_descriptor(struct slice bytes);

#endif
