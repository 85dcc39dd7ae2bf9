/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_private.h - the state of framing; frame.c finds records, frame_scan.c ends of values,
 * frame_broken.c ends of what is none.
 */
#ifndef CURATE_FRAME_PRIVATE_H
#define CURATE_FRAME_PRIVATE_H

#include <string.h>

#include "base/io/frame.h"
#include "base/json/json.h"

enum {
    FRAME_HEAD_BYTES = 4096, /* of a record that is not held whole */
    FRAME_RESCANS = 4,       /* so many bytes may be scanned again per byte of the stream */
};

enum frame_state {
    BETWEEN,       /* records; the bytes behind pos belong to none yet */
    IN_VALUE,      /* with brackets, or a string */
    IN_WORD,       /* a number, true, false, null */
    TO_LINE_END,   /* what cannot be understood goes up to there */
    TO_STREAM_END, /* it is not UTF-8 at all */
};

/* The element of an array that ends a broken one before it. */
enum frame_resync {
    RESYNC_NEVER,
    RESYNC_OBJECT, /* any that is an object */
    RESYNC_ALIKE,  /* one that begins like the broken record itself */
};

/* A place to go on from. Offsets count from the start of the stream. */
struct frame_mark {
    uint64_t at;
    uint64_t line;
    uint64_t line_at; /* where that line starts */
};

struct frame {
    char *data;
    size_t cap;
    size_t len;
    size_t pos;    /* scanned up to here */
    uint64_t base; /* offset of data[0] */
    bool finished;
    size_t max_record_bytes;
    uint64_t rescanned;

    enum frame_state state;
    uint64_t line;
    uint64_t line_at;
    bool fresh;      /* the line has nothing but blanks so far */
    bool array_open; /* the records are elements of it */
    bool array_due;  /* its closing bracket would be missed */
    unsigned noted;  /* since the last record's end */
    bool comma;      /* there was one since then */

    /* The record in hand, when state is not BETWEEN. */
    struct frame_mark start;
    bool own_line; /* it is the first of its line */
    enum frame_issue issue;
    bool in_string;
    bool escaped;      /* a backslash was the last byte */
    uint8_t last;      /* byte that is not blank */
    uint64_t last_end; /* offset behind it */
    size_t depth;
    bool is_object[JSON_MAX_DEPTH];
    enum frame_resync resync; /* where it ends, in TO_LINE_END, before the line does */
    bool has_inner;           /* a line in it looks like the start of another record: */
    struct frame_mark inner;
    uint64_t inner_end; /* end of what stands before that line */
    bool skipping;      /* only the head is kept */
    char head[FRAME_HEAD_BYTES];
};

static inline uint64_t frame_here(const struct frame *f)
{
    return f->base + f->pos;
}

static inline void frame_pass_newline(struct frame *f)
{
    if (f->state == IN_VALUE)
        f->noted |= FRAME_NOTED_MANY_LINES;
    else if (f->fresh)
        f->noted |= FRAME_NOTED_BLANK_LINE;
    f->pos++;
    f->line++;
    f->line_at = frame_here(f);
    f->fresh = true;
}

static inline bool frame_too_long(const struct frame *f)
{
    return frame_here(f) - f->start.at > f->max_record_bytes;
}

static inline size_t frame_head_bytes(const struct frame *f, uint64_t len)
{
    const size_t most =
        f->max_record_bytes < FRAME_HEAD_BYTES ? f->max_record_bytes : FRAME_HEAD_BYTES;

    return len < most ? (size_t)len : most;
}

/* Does `mark` stand at pos? -1 when the bytes in hand cannot tell yet. */
static inline int frame_stands_here(const struct frame *f, const char *mark, size_t n)
{
    const size_t left = f->len - f->pos;

    if (memcmp(f->data + f->pos, mark, left < n ? left : n) != 0)
        return 0;
    if (left >= n)
        return 1;
    return f->finished ? 0 : -1;
}

/* What a scan ran into. */
enum frame_scan {
    SCAN_MORE,  /* the end of the bytes in hand */
    SCAN_DONE,  /* the end of the value, which is at pos */
    SCAN_CUT,   /* a line end inside a string, at pos */
    SCAN_WRONG, /* a bracket that cannot stand at pos */
};

/* Go on from pos inside the value until one of these. */
enum frame_scan frame_scan_value(struct frame *f);

/* frame_broken.c: the bracket and first key of the record in hand; empty when it has none. */
struct slice frame_opening(const struct frame *f);
/* End a broken element before the first one behind it that it reached over: true, and where. */
bool frame_give_back_element(struct frame *f, uint64_t *end);
/* Pass the rest of the line. 1 at an element to go on with, 0 at the end of the line or of the
 * bytes in hand, -1 when more are needed to tell. */
int frame_pass_line(struct frame *f);

#endif
