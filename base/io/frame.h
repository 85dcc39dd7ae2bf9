/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - split a byte stream into JSON records.
 *
 * Accepts JSONL, one large array, concatenated and pretty-printed values, with blank lines,
 * commas and closing brackets between them, a UTF-8 BOM, and line ends LF, CR LF, CR or U+2028.
 * Memory does not grow with the file: at most one record and one read are held. Framing tracks
 * strings and brackets only; base/json/json.h decides whether a record is valid JSON.
 *
 * An array whose first element is an object with "role" or "from" as its first key is a list of
 * messages: it is one record, and not an array of records.
 *
 * A broken record must not affect its neighbours. It ends where one of these is found:
 *   - a raw newline inside a string
 *   - a closing bracket that does not match
 *   - an object that opens where a key or comma is expected (a truncated line before a good
 * one) It extends to the end of that line, or to the line before if the offending byte is the
 * first of its line. The elements of an array may share one line. There a broken record ends
 * before the next element that starts with the same key, and stray bytes end before the next
 * object. An unfinished record at the end of the stream is returned with its issue.
 *
 * Framing can stop between two records and resume later: frame_place(), frame_resume().
 *
 * Usage: pass bytes with frame_feed(), get records with frame_next() until it returns 0, and
 * repeat. Call frame_finish() after the last byte, then get the remaining records.
 */
#ifndef CURATE_FRAME_H
#define CURATE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct frame;
struct json_path;

enum frame_issue {
    FRAME_OK = 0,
    FRAME_TRUNCATED, /* the stream or the line ends inside the record */
    FRAME_BROKEN,    /* brackets do not match, or stray bytes between records */
    FRAME_TOO_LONG,  /* longer than max_record_bytes; text is the first 4 KiB of the record */
    FRAME_TOO_DEEP,  /* nested deeper than JSON_MAX_DEPTH */
    /* Of rows that become records (stages/ingest/cutter.h); not of frame_next(). */
    FRAME_BAD_ROW, /* a row whose quotes do not match, or with too many fields */
    FRAME_RAGGED,  /* a row with more or fewer fields than there are columns */
    /* Of frame_set_path(). */
    FRAME_OFF_PATH, /* a document without a value at the path; text is its first 4 KiB */
    /* Of rows of a table (base/table/table.h); not of frame_next(). */
    FRAME_BAD_PAGE, /* rows that cannot be read; text says why */
};

/* Irregularities before a record, or inside it but outside its strings. */
enum frame_note {
    FRAME_NOTED_BOM = 1,         /* a UTF-8 byte order mark before the record */
    FRAME_NOTED_CR = 2,          /* a carriage return before or in it, or U+2028 before it */
    FRAME_NOTED_BLANK_LINE = 4,  /* a blank line before it */
    FRAME_NOTED_COMMA = 8,       /* a misplaced comma or closing bracket before it */
    FRAME_NOTED_SAME_LINE = 16,  /* it follows a record on the same line, outside an array */
    FRAME_NOTED_MANY_LINES = 32, /* it spans several lines */
    FRAME_NOTED_BAD_VALUE = 64,  /* a value of a table's row should be JSON, and is a string */
    FRAME_NOTED_END,             /* one above the last bit, so that users notice a new note */
};

struct frame_record {
    struct slice text;    /* valid until the next frame_feed() or frame_next() */
    uint64_t byte_offset; /* of the record's first byte in the decompressed stream */
    uint64_t byte_len;    /* of the whole record, even if text is only its start */
    uint64_t line;        /* line of the first byte, from 1 */
    enum frame_issue issue;
    unsigned noted;  /* enum frame_note, or-ed together */
    size_t n_fields; /* of FRAME_RAGGED */
    size_t n_columns;
    uint64_t n_more_rows; /* of FRAME_BAD_PAGE: rows that are lost with this one */
    bool is_padded;       /* a row of a table: a null may stand for a member that was absent */
};

/* The state of framing between two records, as plain numbers that can be stored. */
struct frame_place {
    uint64_t byte_offset; /* of the next byte */
    uint64_t line;        /* line of the next byte */
    uint64_t line_at;     /* offset at which this line starts */
    uint64_t rescanned;   /* bytes scanned a second time so far, which are limited */
    unsigned flags;
};

/* Returns 0, or -1 with err set. */
int frame_new(size_t max_record_bytes, struct frame **out, struct error *err);
void frame_free(struct frame *frame);
/*
 * Cut the records out of documents around them. The path leads to the records of each document,
 * and is borrowed: a list there holds the records, an object there is one record. After a last
 * [*] each member of an object is a record. Everything off the path is skipped. A document
 * without a value at the path becomes a record with FRAME_OFF_PATH. Call it before the first
 * byte is fed and before frame_resume().
 */
void frame_set_path(struct frame *frame, const struct json_path *path);
/* Copy bytes into the frame. Returns 0, or -1 with err set: ERR_NOMEM. */
int frame_feed(struct frame *frame, const void *bytes, size_t n, struct error *err);
void frame_finish(struct frame *frame);
/* Get the next record. Returns 1, or 0 if more bytes are needed or, after frame_finish(), at
 * the end. */
int frame_next(struct frame *frame, struct frame_record *out);
/* At the end: get the notes about the bytes after the last record. */
unsigned frame_noted_behind(const struct frame *frame);
/* Get the place after a record. Call it right after frame_next() has returned 1. */
void frame_place(const struct frame *frame, struct frame_place *out);
/* Resume at a place. Call it before the first byte is fed, which is the byte at
 * place->byte_offset.
 */
void frame_resume(struct frame *frame, const struct frame_place *place);

#endif
