/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csvin.h - split a byte stream into CSV rows (RFC 4180). Only csvin.c uses libcsv.
 *
 * Quoted fields may contain commas, doubled quotes and newlines. LF or CR LF ends a row. Blank
 * lines and a UTF-8 BOM are skipped. A malformed or too long row ends with the line on which it
 * started, and the next row starts on the line after it. So an unclosed quote spoils one line
 * only.
 *
 * Usage, as for frame.h: pass bytes with csv_feed(), get rows with csv_next() until it returns
 * 0, and repeat. Call csv_finish() after the last byte, then get the remaining rows.
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
    const struct slice *fields; /* fields and raw are valid until the next csv_next() */
    size_t n_fields;
    struct slice raw; /* the row's bytes, at most max_row_bytes of them */
    const char
        *issue; /* static; why the row is malformed and has no fields; NULL: it is valid */
    uint64_t byte_offset; /* of the row's first byte in the stream */
    uint64_t byte_len;
    uint64_t line; /* line of the first byte, from 1 */
};

int csv_reader_new(size_t max_row_bytes, struct csv **out, struct error *err);
void csv_reader_free(struct csv *csv);
/* Split at this character instead of the comma, and keep blanks at both ends of a field, which
 * are dropped otherwise. Call it before the first byte. */
void csv_set_dialect(struct csv *csv, char delimiter);
/* The bytes are borrowed until csv_next() returns 0. */
void csv_feed(struct csv *csv, const void *bytes, size_t n);
void csv_finish(struct csv *csv);
/* Get the next row. Returns 1, 0 if more bytes are needed or at the end, or -1: ERR_NOMEM. */
int csv_next(struct csv *csv, struct csv_row *out, struct error *err);

/* Get offset and line after the last row that was returned. */
void csv_place(const struct csv *csv, uint64_t *byte_offset, uint64_t *line);
/* Resume there. Call it before the first byte, which is the one at byte_offset. */
void csv_resume(struct csv *csv, uint64_t byte_offset, uint64_t line);

#endif
