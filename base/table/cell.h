/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell.h - write a value of a table as JSON, for all formats of tables.
 *
 * All functions append to the buffer and return 0, or -1 with err set: ERR_NOMEM, or ERR_INPUT
 * if the buffer would grow past its maximum.
 */
#ifndef CURATE_CELL_H
#define CURATE_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct error;

enum { CELL_DECIMAL_BYTES = 32, CELL_DECIMAL_SCALE = 80 };

/* A time is a number of these since the epoch or since midnight. */
enum cell_unit { CELL_SECONDS, CELL_MILLIS, CELL_MICROS, CELL_NANOS };

int cell_null(struct buf *out, struct error *err);
int cell_bool(struct buf *out, bool value, struct error *err);
int cell_int(struct buf *out, int64_t value, struct error *err);
int cell_uint(struct buf *out, uint64_t value, struct error *err);
/* The shortest text that reads back as the same number, laid out as Python does: 1.0, 1e-05,
 * so that a number has the text that it had in JSON before it became a column. NaN and
 * infinities are written as NaN, Infinity, -Infinity: base/json/json.h reads them as null and
 * notes it. */
int cell_double(struct buf *out, double value, struct error *err);
int cell_float(struct buf *out, float value, struct error *err);
int cell_half(struct buf *out, uint16_t bits, struct error *err);
/* A text. Bytes that are not UTF-8 are written unchanged, so that parsing finds them. */
int cell_text(struct buf *out, struct slice text, struct error *err);
/* Bytes without a type: a text if they are valid UTF-8, else {"$base64": "..."}. */
int cell_bytes(struct buf *out, struct slice bytes, struct error *err);
/* A value that is JSON text: written as it is, without blanks around it. If it does not parse
 * it is written as a text, and *is_bad becomes true; else *is_bad is not changed. */
int cell_json(struct buf *out, struct slice text, bool *is_bad, struct error *err);
/* unscaled * 10^-scale as text: "1.23". The number is two's complement, big endian, at most
 * CELL_DECIMAL_BYTES; the scale is from 0 to CELL_DECIMAL_SCALE. What lies outside of these
 * limits is written as cell_bytes() does. */
int cell_decimal(struct buf *out, struct slice big_endian, int32_t scale, struct error *err);
/* Days since 1970-01-01: "2024-02-29". Years outside of 0 to 9999 have a sign. */
int cell_date(struct buf *out, int64_t days, struct error *err);
/* "2023-11-14T22:13:20.123456Z" with the digits of the unit; Z if is_utc. */
int cell_timestamp(struct buf *out, int64_t value, enum cell_unit unit, bool is_utc,
                   struct error *err);
/* A time of the day that is stored as Julian day and nanoseconds (INT96 of Parquet: 8 and 4
 * bytes, little endian), as a timestamp with nine digits. */
int cell_int96(struct buf *out, const uint8_t bytes[12], struct error *err);
/* "01:02:03.000000" */
int cell_time(struct buf *out, int64_t value, enum cell_unit unit, struct error *err);
/* 16 bytes: "00112233-4455-6677-8899-aabbccddeeff" */
int cell_uuid(struct buf *out, const uint8_t bytes[16], struct error *err);

#endif
