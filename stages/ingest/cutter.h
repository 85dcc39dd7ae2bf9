/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cutter.h - cut the stream of a file into records of JSON text, whatever the file holds.
 *
 * JSON is cut by base/io/frame.h. A row of CSV becomes an object with a member for each column,
 * all of them strings. A text becomes an object with the member "text". Line and offset of a
 * record are those of its row or text in the stream; its length may be that of the row, too,
 * and differ from the length of its JSON.
 *
 * Usage, as for frame.h: pass bytes with cutter_feed(), get records with cutter_next() until it
 * returns 0, and repeat. Call cutter_finish() after the last byte, then get the rest.
 */
#ifndef CURATE_CUTTER_H
#define CURATE_CUTTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/io/frame.h"
#include "stages/ingest/container.h"

struct cutter;
struct error;
struct json_path;

struct cutter_options {
    enum container container;
    char delimiter; /* of CSV */
    size_t max_record_bytes;
    const struct json_path *records; /* path to them in a JSON document; NULL: no path */
};

int cutter_new(const struct cutter_options *options, struct cutter **out, struct error *err);
void cutter_free(struct cutter *cutter);
/* The bytes are borrowed until cutter_next() returns 0. */
int cutter_feed(struct cutter *cutter, const void *bytes, size_t n, struct error *err);
/* whole false: more bytes should follow but cannot be read, so what they complete is truncated.
 */
void cutter_finish(struct cutter *cutter, bool whole);
/* Get the next record. Returns 1, 0 if more bytes are needed or at the end, or -1 with err set:
 * ERR_NOMEM, or ERR_INPUT if the names of the columns cannot be read. */
int cutter_next(struct cutter *cutter, struct frame_record *out, struct error *err);
/* As frame_noted_behind(). */
unsigned cutter_noted_behind(const struct cutter *cutter);
/* Get the place after a record. Call it right after cutter_next() has returned 1, or before the
 * first byte. */
void cutter_place(const struct cutter *cutter, struct frame_place *out);

/* Read the names of the columns, if the file has them: call it after the first bytes of the
 * file, before cutter_resume(). Returns 1 when they are known or not needed, 0 if more bytes
 * are needed, or -1 as cutter_next(). */
int cutter_read_header(struct cutter *cutter, struct error *err);
/* Resume at a place: the next byte that is fed is the one at place->byte_offset. Returns 0, or
 * -1 with err set: ERR_NOMEM. */
int cutter_resume(struct cutter *cutter, const struct frame_place *place, struct error *err);
/* The number of columns; 0 if the file has none or they are not known yet. */
size_t cutter_n_columns(const struct cutter *cutter);

#endif
