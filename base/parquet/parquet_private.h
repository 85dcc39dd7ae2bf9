/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parquet_private.h - a file whose footer was read: shared by file.c, schema.c and column.c.
 */
#ifndef CURATE_PARQUET_PRIVATE_H
#define CURATE_PARQUET_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/parquet/budget.h"
#include "base/parquet/file.h"
#include "base/slice.h"

struct thrift;

enum {
    PARQUET_MAGIC_BYTES = 4,
    PARQUET_TAIL_BYTES = 8, /* length of the footer, magic */
    PARQUET_ELEMENTS_MAX = 10000,
    PARQUET_DEPTH_MAX = 64,
};

/* A column of a row group, as the footer describes it. Nothing was checked but the type of the
 * numbers: parquet_column_open() checks the chunks that are read. */
struct parquet_chunk {
    int64_t dictionary_offset; /* 0: none */
    int64_t data_offset;
    int64_t n_bytes; /* compressed, of all pages */
    int64_t n_values;
    int32_t codec;
    int32_t type;
    const char *refused; /* why it cannot be read, static text; NULL: it can */
};

struct parquet_group {
    uint64_t n_rows;
    uint64_t begin; /* the first byte of all chunks */
    uint64_t end;
};

struct parquet_file {
    int fd;
    char *name;
    uint64_t n_bytes;
    struct budget *budget;
    struct block footer; /* names of elements point into it */
    size_t footer_len;
    uint64_t footer_offset;
    struct block elements; /* struct parquet_element */
    size_t n_elements;
    struct block leaves; /* size_t: numbers of the leaf elements */
    size_t n_leaves;
    struct block groups; /* struct parquet_group */
    size_t n_groups;
    struct block chunks; /* struct parquet_chunk, n_leaves of each group */
    size_t n_chunks;
    uint64_t n_rows;
    size_t keys_at; /* place of the list of keys in the footer; 0: it has none */
};

/* What a SchemaElement of the footer says. */
struct schema_node {
    struct slice name;
    int32_t type; /* -1: a group */
    int32_t type_length;
    int32_t repetition; /* -1: not given */
    int32_t n_children;
    int32_t converted; /* -1: none */
    int32_t scale;
    int32_t logical; /* number of the member of LogicalType; 0: none */
    int32_t logical_scale;
    int32_t unit; /* 1 millis, 2 micros, 3 nanos; 0: not given */
    int32_t bit_width;
    bool is_signed;
    bool is_utc;
};

/* Read the list of elements that begins here. Fills elements and leaves. Returns 0, or -1 with
 * err set; if thrift failed, err is not set. */
int schema_parse(struct parquet_file *file, struct thrift *thrift, uint8_t type,
                 struct error *err);
/* Set meaning, refused, scale, is_utc, unit and bits of an element from what its node says. */
void schema_set_meaning(struct parquet_element *element, const struct schema_node *node);
/* Write the path of a leaf as text, "messages.list.element.role"; a longer one is cut. */
void schema_path(const struct parquet_file *file, size_t leaf, char *out, size_t n);

static inline const struct parquet_chunk *parquet_file_chunk(const struct parquet_file *file,
                                                             size_t group, size_t leaf)
{
    const struct parquet_chunk *chunks = (const struct parquet_chunk *)file->chunks.data;

    return &chunks[group * file->n_leaves + leaf];
}

#endif
