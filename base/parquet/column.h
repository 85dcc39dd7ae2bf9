/* SPDX-License-Identifier: Apache-2.0 */
/*
 * column.h - the values of one column of one row group of a Parquet file, in batches.
 *
 * Pages are decompressed as a stream where the codec allows it; snappy and LZ4 need a page as a
 * whole. Values of text point into buffers of the column.
 *
 * Levels have the meaning of the Parquet format: a row starts where the repetition level is 0;
 * a value is present where the definition level is the largest one of the column.
 */
#ifndef CURATE_PARQUET_COLUMN_H
#define CURATE_PARQUET_COLUMN_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct parquet_column;
struct parquet_file;

/* The physical types, by the numbers of parquet.thrift. */
enum parquet_type {
    PARQUET_BOOLEAN = 0,
    PARQUET_INT32 = 1,
    PARQUET_INT64 = 2,
    PARQUET_INT96 = 3,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTE_ARRAY = 6,
    PARQUET_FIXED = 7,
};

/* At least one level. A batch ends where a page ends, or earlier. */
struct parquet_batch {
    size_t n_levels;
    const uint8_t *definitions;  /* n_levels; NULL if the largest level is 0: all are present */
    const uint8_t *repetitions;  /* n_levels; NULL if the largest level is 0: all are 0 */
    size_t n_values;             /* levels with the largest definition level */
    union {                      /* by the physical type, n_values of them */
        const uint8_t *booleans; /* 0 or 1 */
        const int32_t *ints;
        const int64_t *longs;
        const float *floats;
        const double *doubles;
        const struct slice *bytes; /* BYTE_ARRAY, FIXED, INT96 (12 bytes) */
    } values;                      /* valid until the next call */
};

/* Read a column. leaf is the number of the column among the leaves of the schema. The file must
 * outlive the column. Returns 0, or -1 with err set. */
int parquet_column_open(const struct parquet_file *file, size_t group, size_t leaf,
                        struct parquet_column **out, struct error *err);
void parquet_column_close(struct parquet_column *column);
/* Get the next batch. Returns 1, 0 behind the last value, or -1 with err set: ERR_INPUT, naming
 * the byte of the page, if the column is damaged; ERR_UNSUPPORTED, naming the encoding;
 * ERR_NOMEM if the page needs more memory than the limit of the file. */
int parquet_column_next(struct parquet_column *column, struct parquet_batch *out,
                        struct error *err);

#endif
