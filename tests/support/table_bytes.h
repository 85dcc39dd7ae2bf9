/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_bytes.h - tables (base/table/table.h) in memory, and the rules that hold for any bytes.
 */
#ifndef CURATE_TABLE_BYTES_H
#define CURATE_TABLE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct table;
struct table_options;

/* Make a file in memory. Returns its descriptor, which the caller closes. Aborts if that fails.
 */
int table_bytes_fd(const void *bytes, size_t n);

/*
 * Read these bytes as a table, at most max_rows rows. Aborts if a rule is broken: rows are
 * numbered one after the other, every one is text or has an issue with a reason, and at the end
 * there are as many rows, read or lost, as the file says. Returns the number of rows that have
 * text, or -1 with err set if the bytes are no table or one that cannot be read to its end.
 */
int64_t table_bytes_check(const void *bytes, size_t n, uint64_t max_rows, struct error *err);

#endif
