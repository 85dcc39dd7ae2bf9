/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - write rows of a record batch as JSON (base/table/cell.h).
 *
 * Every offset, view and index is checked when it is used.
 */
#ifndef CURATE_ARROW_VALUE_H
#define CURATE_ARROW_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct arrow_batch;
struct arrow_dictionary;
struct arrow_input;
struct arrow_schema;
struct error;

struct arrow_writer {
    struct arrow_input *input;
    const struct arrow_schema *schema;
    struct arrow_dictionary *dictionaries; /* one for each field */
    size_t max_row_bytes;                  /* 0: no limit */
    struct buf out;                        /* the row; if it is too long, its first 4 KiB */
    struct buf piece;
    uint64_t n_dropped; /* bytes of the row behind `out` */
    bool is_too_long;
    bool bad_json; /* a value that should be JSON is not */
};

/* Write row i of the batch over the previous row. Returns 0, or -1 with err set: ERR_INPUT,
 * naming the column, if the batch is damaged there; ERR_NOMEM. */
int arrow_row_write(struct arrow_writer *writer, struct arrow_batch *batch, uint64_t i,
                    struct error *err);

#endif
