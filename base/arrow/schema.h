/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - the columns of an Arrow file, and the columns below them.
 *
 * Fields stand in depth-first order, as the arrays of a record batch do. At most 10,000 fields,
 * 64 deep.
 *
 * Source: Schema.fbs of apache/arrow.
 */
#ifndef CURATE_ARROW_SCHEMA_H
#define CURATE_ARROW_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/arrow/flatbuf.h"
#include "base/slice.h"
#include "base/table/cell.h"

struct error;
struct text_list;

enum { ARROW_FIELDS_MAX = 10000, ARROW_DEPTH_MAX = 64 };

/* By the numbers of the union Type. */
enum arrow_type {
    ARROW_NULL = 1,
    ARROW_INT,
    ARROW_FLOAT,
    ARROW_BINARY,
    ARROW_UTF8,
    ARROW_BOOL,
    ARROW_DECIMAL,
    ARROW_DATE,
    ARROW_TIME,
    ARROW_TIMESTAMP,
    ARROW_INTERVAL,
    ARROW_LIST,
    ARROW_STRUCT,
    ARROW_UNION,
    ARROW_FIXED_BINARY,
    ARROW_FIXED_LIST,
    ARROW_MAP,
    ARROW_DURATION,
    ARROW_LARGE_BINARY,
    ARROW_LARGE_UTF8,
    ARROW_LARGE_LIST,
    ARROW_RUN_END_ENCODED,
    ARROW_BINARY_VIEW,
    ARROW_UTF8_VIEW,
    ARROW_LIST_VIEW,
    ARROW_LARGE_LIST_VIEW,
};

/* What the bytes of a field mean beyond their type, from the name of its extension type. */
enum arrow_extension { ARROW_PLAIN, ARROW_JSON, ARROW_UUID, ARROW_BOOL8 };

struct arrow_field {
    struct slice name;
    struct slice key;     /* the name as a member of an object: "name": */
    enum arrow_type type; /* with a dictionary: of its values */
    enum arrow_extension extension;
    const char *refused; /* why values cannot be written: "interval"; NULL: they can */
    unsigned bits;       /* of an integer, float, decimal, date or time */
    bool is_signed;
    bool is_utc;         /* of a timestamp */
    bool is_dense;       /* of a union */
    enum cell_unit unit; /* of a time, timestamp, duration */
    int32_t scale;       /* of a decimal */
    uint32_t n_each;     /* bytes of a fixed-size binary, elements of a fixed-size list */
    size_t n_children;
    size_t next;   /* number of the field behind this one and all below it */
    size_t parent; /* SIZE_MAX at the top */
    bool is_used;  /* false: its values are passed over */
    bool has_dictionary;
    int64_t dictionary; /* its id */
    unsigned index_bits;
    bool index_is_signed;
};

struct arrow_schema {
    struct arrow_field *fields;
    size_t n;
    char *passed_over; /* names of the columns that hold images or audio, "" if none */
    struct arena arena;
};

/* Parse a Schema. All fields are used, but for images and audio. Returns 0, or -1 with err set
 * without the name of the file: ERR_INPUT, ERR_UNSUPPORTED, ERR_NOMEM. */
int arrow_schema_parse(const struct flat_table *table, struct arrow_schema *out,
                       struct error *err);
/* Use only these columns. ERR_USAGE lists the columns that the file has. */
int arrow_schema_choose(struct arrow_schema *schema, const struct text_list *columns,
                        struct error *err);
/* ERR_UNSUPPORTED if a field that is used has a type whose values cannot be written. */
int arrow_schema_check(const struct arrow_schema *schema, struct error *err);
void arrow_schema_release(struct arrow_schema *schema);
/* Put "column messages.item.role: " before the message of an error. Returns -1. */
int arrow_schema_prefix(const struct arrow_schema *schema, size_t field, struct error *err);

#endif
