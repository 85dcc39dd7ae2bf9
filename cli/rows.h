/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - print the rows of a query: a table for people, CSV or JSON lines for programs.
 */
#ifndef CURATE_ROWS_H
#define CURATE_ROWS_H

struct error;
struct query;

enum rows_format { ROWS_TABLE, ROWS_CSV, ROWS_JSON };

/* Print all rows on standard output. A table shortens long text and escapes control
 * characters, so that a corpus cannot control the terminal; CSV (RFC 4180) and JSON are
 * complete. */
int rows_print(struct query *query, enum rows_format format, struct error *err);

#endif
