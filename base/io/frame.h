/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - cut a byte stream into JSON records.
 *
 * Accepts JSONL, one big array, concatenated and pretty-printed values, mixed blank lines,
 * commas and closing brackets between lines, a UTF-8 BOM, CR LF, CR, U+2028. Never holds more
 * than one record plus one read: memory does not grow with the file. It tracks strings and
 * brackets only; whether a record is JSON is base/json/json.h's to say.
 *
 * A broken record must not swallow its neighbours. A raw newline inside a string, a closing
 * bracket that does not match, or an object that opens where a key or comma must stand (a
 * cut-off line followed by a good one) ends the broken record: it goes up to the end of that
 * line, or, when the offending byte is the first of its line, up to the line before; framing
 * goes on from there. An array may be one line: in it a broken record ends before the next
 * element that begins with the same key, and stray bytes end before the next element that is an
 * object. At the end of the stream an unfinished record is handed out with .issue
 * set.
 *
 * Between two records framing can be left and taken up again elsewhere: frame_place().
 *
 * Usage: push bytes with frame_feed(), pull records with frame_next() until it returns 0,
 * repeat; frame_finish() after the last byte, then pull again.
 */
#ifndef CURATE_FRAME_H
#define CURATE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct frame;

enum frame_issue {
    FRAME_OK = 0,
    FRAME_TRUNCATED, /* the stream or the line ends inside the record */
    FRAME_BROKEN,    /* brackets do not match, or stray bytes between records */
    FRAME_TOO_LONG,  /* longer than max_record; bytes were skipped, text is its first 4 kB */
    FRAME_TOO_DEEP,  /* nested deeper than JSON_MAX_DEPTH */
};

/* What was passed over to come to a record, or in it outside of strings. */
enum frame_note {
    FRAME_NOTED_BOM = 1,         /* a UTF-8 byte order mark before it */
    FRAME_NOTED_CR = 2,          /* a carriage return before it or in it, U+2028 before it */
    FRAME_NOTED_BLANK_LINE = 4,  /* before it */
    FRAME_NOTED_COMMA = 8,       /* or a closing bracket before it, where none belongs */
    FRAME_NOTED_SAME_LINE = 16,  /* it follows a record on one line, and no array is open */
    FRAME_NOTED_MANY_LINES = 32, /* it takes more than one */
    FRAME_NOTED_END,             /* one above the last bit, so that users notice a new note */
};

struct frame_record {
    struct slice text;    /* lasts until the next frame_feed() or frame_next() */
    uint64_t byte_offset; /* of the record's first byte in the (decompressed) stream */
    uint64_t byte_len;    /* of the whole record, also when text is only its beginning */
    uint64_t line;        /* of that byte, from 1 */
    enum frame_issue issue;
    unsigned noted; /* enum frame_note, or-ed together */
};

/* All that framing remembers between two records; plain numbers, to be stored. */
struct frame_place {
    uint64_t byte_offset; /* the next byte to look at */
    uint64_t line;        /* it is on this line, */
    uint64_t line_at;     /* which starts at this offset */
    uint64_t rescanned;   /* of the budget for scanning bytes again */
    unsigned flags;
};

int frame_new(size_t max_record_bytes, struct frame **out, struct error *err);
void frame_free(struct frame *frame);
/* The bytes are copied. ERR_NOMEM. */
int frame_feed(struct frame *frame, const void *bytes, size_t n, struct error *err);
void frame_finish(struct frame *frame);
/* 1 and a record, 0 when more bytes are needed (or, after frame_finish(), at the end). */
int frame_next(struct frame *frame, struct frame_record *out);
/* At the end: what was passed over behind the last record. */
unsigned frame_noted_behind(const struct frame *frame);
/* Right after frame_next() gave a record: where the next one will be looked for. */
void frame_place(const struct frame *frame, struct frame_place *out);
/* Before the first byte is fed: go on from there. The next byte is the one at its offset. */
void frame_resume(struct frame *frame, const struct frame_place *place);

#endif
