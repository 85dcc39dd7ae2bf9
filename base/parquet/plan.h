/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - how the columns of a Parquet file become JSON: the schema as a tree of values,
 * objects, lists and maps.
 *
 * Lists follow rules 1 to 5 of the page LogicalTypes of parquet-format for files of old
 * writers. A repeated field without annotation is a list. A map is an object if its keys are
 * text, else a list of objects with key and value.
 */
#ifndef CURATE_PARQUET_PLAN_H
#define CURATE_PARQUET_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/parquet/file.h"
#include "base/slice.h"

struct error;
struct text_list;

enum plan_kind { PLAN_VALUE, PLAN_OBJECT, PLAN_LIST, PLAN_MAP };

/* How a value is written, from its physical type and its meaning. */
enum plan_value {
    PLAN_NOTHING = 0, /* of the type NULL */
    PLAN_BOOL,
    PLAN_INT32,
    PLAN_INT64,
    PLAN_UINT32,
    PLAN_UINT64,
    PLAN_FLOAT,
    PLAN_DOUBLE,
    PLAN_DECIMAL32,
    PLAN_DECIMAL64,
    PLAN_DATE,
    PLAN_TIME32,
    PLAN_TIME64,
    PLAN_TIMESTAMP,
    PLAN_DECIMAL_BYTES, /* the first of those that are bytes */
    PLAN_HALF,
    PLAN_INT96,
    PLAN_UUID,
    PLAN_TEXT,
    PLAN_JSON,
    PLAN_BYTES,
};

struct plan_node {
    enum plan_kind kind;
    enum plan_value value; /* of PLAN_VALUE */
    bool is_optional;      /* it has a definition level of its own, below which it is null */
    uint8_t repetition;    /* of lists and maps: the level of the elements behind the first */
    struct slice key;      /* of a member of an object: its name as JSON with a colon, and a
                            * comma in front of all but the first */
    const struct parquet_element *element;
    size_t first_leaf, end_leaf; /* the leaves below, by their places in plan.leaves */
    size_t child;                /* number of the first node below; 0: none */
    size_t sibling;              /* number of the node behind it in the same object or map */
};

struct plan {
    struct plan_node *nodes; /* the root is number 0 */
    size_t n_nodes;
    const struct parquet_element **leaves; /* those to read */
    size_t n_leaves;
    struct arena keys;
    struct buf passed_over; /* "image, audio" */
};

/* Where values are written to. */
struct plan_writer {
    struct buf *out;
    bool bad_json; /* becomes true when a value that should be JSON does not parse */
    struct error *err;
};

/* Make a plan for the columns of these names, or for all but those of images and audio if
 * there are no names. The file must outlive the plan. Returns 0, or -1 with err set: ERR_USAGE
 * for a name that the file lacks, ERR_UNSUPPORTED for a type, ERR_INPUT, ERR_NOMEM. */
int plan_make(const struct parquet_file *file, const struct text_list *columns,
              struct plan *out, struct error *err);
void plan_free(struct plan *plan);
/* Append value i of a batch as JSON. Returns 0, or -1 with err set: ERR_NOMEM. */
int plan_write_value(const struct plan_node *node, const struct parquet_batch *batch, size_t i,
                     struct plan_writer *to);

#endif
