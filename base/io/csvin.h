/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csvin.h - cut a byte stream into rows of CSV (RFC 4180); the only code that uses libcsv.
 *
 * Fields in quotes may hold commas, quotes (doubled) and newlines; LF or CR LF ends a row;
 * blank lines are no rows; a UTF-8 BOM is skipped. A row that breaks the rules, or is too long,
 * ends with the line it began on and is handed out as broken; the next one begins on the line
 * after it, so that a quote left open swallows nobody.
 *
 * Usage as of frame.h: push bytes with csv_feed(), pull rows with csv_next() until it returns
 * 0, repeat; csv_finish() after the last byte, then pull again.
 */
#ifndef CURATE_CSVIN_H
#define CURATE_CSVIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct csv;
struct error;

enum { CSV_FIELDS_MAX = 1024 };

struct csv_row {
    const struct slice *fields; /* these and raw last until the next csv_next() */
    size_t n_fields;
    struct slice raw;     /* the row's bytes, at most max_row_bytes of them */
    const char *issue;    /* static; what is wrong with a broken row, which has no fields */
    uint64_t byte_offset; /* of its first byte in the stream */
    uint64_t byte_len;
    uint64_t line; /* of that byte, from 1 */
};

int csv_reader_new(size_t max_row_bytes, struct csv **out, struct error *err);
void csv_reader_free(struct csv *csv);
/* Borrowed until csv_next() returned 0. */
void csv_feed(struct csv *csv, const void *bytes, size_t n);
void csv_finish(struct csv *csv);
/* 1 and a row, 0 when more bytes are needed or at the end, -1 (ERR_NOMEM). */
int csv_next(struct csv *csv, struct csv_row *out, struct error *err);

#endif
