/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - the footer of a Parquet file: schema, row groups and where the columns are.
 *
 * Sources: parquet.thrift and the pages on encodings and logical types of parquet-format. The
 * file is not trusted: counts and offsets are compared with the bytes of the file before
 * anything is allocated, and every error names what is wrong.
 */
#ifndef CURATE_PARQUET_FILE_H
#define CURATE_PARQUET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parquet/column.h"
#include "base/slice.h"

struct error;
struct parquet_file;

enum parquet_repetition { PARQUET_REQUIRED = 0, PARQUET_OPTIONAL = 1, PARQUET_REPEATED = 2 };

/* What a value means, from the logical or the converted type. Unknown ones are PARQUET_PLAIN of
 * their physical type, except those of PARQUET_REFUSED. */
enum parquet_meaning {
    PARQUET_PLAIN,
    PARQUET_TEXT, /* STRING, UTF8, ENUM */
    PARQUET_JSON,
    PARQUET_LIST,
    PARQUET_MAP,
    PARQUET_UNSIGNED,
    PARQUET_DECIMAL,
    PARQUET_DATE,
    PARQUET_TIME,
    PARQUET_TIMESTAMP,
    PARQUET_UUID,
    PARQUET_HALF,    /* FLOAT16 */
    PARQUET_NULL,    /* UNKNOWN: all values are null */
    PARQUET_REFUSED, /* INTERVAL, GEOMETRY, GEOGRAPHY, VARIANT, BSON and what is not known */
};

/* An element of the schema. Elements stand in depth-first order; the root is number 0. */
struct parquet_element {
    struct slice name;
    enum parquet_repetition repetition;
    bool is_group;
    size_t n_children; /* of a group */
    size_t next;       /* number of the element behind this one and all below it */
    size_t leaf;       /* of a leaf: its number among the leaves; of a group: of its first */
    uint8_t max_definition; /* down to this element */
    uint8_t max_repetition;
    enum parquet_type type; /* of a leaf */
    int32_t type_length;    /* of PARQUET_FIXED */
    enum parquet_meaning meaning;
    const char *refused; /* of PARQUET_REFUSED: its name, "INTERVAL" */
    int32_t scale;       /* of DECIMAL */
    bool is_utc;         /* of TIME and TIMESTAMP */
    uint8_t unit; /* of TIME and TIMESTAMP: 1 millis, 2 micros, 3 nanos (enum cell_unit) */
    uint8_t bits; /* of integers: 8, 16, 32, 64 */
};

/* fd can be read at any place and is not closed. name is for messages. max_bytes limits the
 * memory of the footer and of all columns that are open at the same time; 0: no limit. */
int parquet_file_open(int fd, const char *name, uint64_t max_bytes, struct parquet_file **out,
                      struct error *err);
void parquet_file_close(struct parquet_file *file);
size_t parquet_n_elements(const struct parquet_file *file);
const struct parquet_element *parquet_element(const struct parquet_file *file, size_t i);
size_t parquet_n_leaves(const struct parquet_file *file);
size_t parquet_n_groups(const struct parquet_file *file);
uint64_t parquet_n_rows(const struct parquet_file *file);
uint64_t parquet_group_rows(const struct parquet_file *file, size_t group);
/* Offset of the first page of the group, and of the byte behind its last. */
uint64_t parquet_group_offset(const struct parquet_file *file, size_t group);
uint64_t parquet_group_end(const struct parquet_file *file, size_t group);
/* The value of a key of the footer; ptr NULL if it is absent. */
struct slice parquet_key_value(const struct parquet_file *file, const char *key);

#endif
