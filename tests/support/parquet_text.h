/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parquet_text.h - the levels and values of a column of a Parquet file as text, for tests.
 */
#ifndef CURATE_TEST_PARQUET_TEXT_H
#define CURATE_TEST_PARQUET_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;
struct parquet_batch;
struct parquet_column;
struct parquet_element;

/* Append one word a level, each followed by a blank: the value (bytes of FIXED and INT96 in
 * hexadecimal), or "-" for a level without one, with the definition level if there are more
 * than two of them. Before it is "R:" if the repetition level R is not 0. */
void parquet_batch_text(const struct parquet_batch *batch,
                        const struct parquet_element *element, struct buf *out);
/* The same of a whole column. Returns 0, or -1 with err set; what was read before the error is
 * in out. */
int parquet_column_text(struct parquet_column *column, const struct parquet_element *element,
                        struct buf *out, struct error *err);
/* Open a file with these bytes and read one column of it. max_bytes as in file.h. */
int parquet_text(struct slice bytes, size_t group, size_t leaf, uint64_t max_bytes,
                 struct buf *out, struct error *err);

#endif
