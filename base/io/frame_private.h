/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_private.h - the state of framing. frame.c finds records, frame_scan.c the ends of
 * values, frame_broken.c the ends of broken records.
 */
#ifndef CURATE_FRAME_PRIVATE_H
#define CURATE_FRAME_PRIVATE_H

#include <string.h>

#include "base/io/frame.h"
#include "base/json/json.h"
#include "base/json/path.h"

enum {
    FRAME_HEAD_BYTES = 4096, /* kept of a record that is too long */
    FRAME_RESCANS = 4,       /* bytes that may be scanned again per byte of the stream */
};

enum frame_state {
    BETWEEN,       /* between records */
    IN_VALUE,      /* in an object, array or string */
    IN_WORD,       /* in a number, true, false or null */
    TO_LINE_END,   /* in a broken record, which extends to the end of the line */
    TO_STREAM_END, /* in a stream that is not UTF-8 */
};

/* Which element of an array ends a broken element before it. */
enum frame_resync {
    RESYNC_NEVER,
    RESYNC_OBJECT, /* any object */
    RESYNC_ALIKE,  /* an object that starts like the broken record */
};

/* The longest name of a member that a path into a document can have. */
enum { WALK_NAME_BYTES = 128, WALK_DEPTH = JSON_PATH_STEPS + 1 };

/* A position in the stream. Offsets count from the start of the stream. */
struct frame_mark {
    uint64_t at; /* offset */
    uint64_t line;
    uint64_t line_at; /* offset at which the line starts */
};

/* The way to the records of a document: see frame_set_path(). */
struct frame_walk {
    const struct json_path *path; /* NULL: the stream is not walked */
    size_t n_steps;               /* that lead to the records, without a last [*] */
    bool each;                    /* the path ended with [*] */
    size_t depth;                 /* open brackets on the way */
    bool is_object[WALK_DEPTH];
    size_t index[WALK_DEPTH]; /* of the current element */
    bool expects_key;         /* a key comes next, in an object on the way */
    bool in_key;
    bool has_key; /* it was read, and its value comes next */
    bool matches; /* it is the next step */
    char name[WALK_NAME_BYTES];
    size_t name_len; /* WALK_NAME_BYTES: it is too long */

    /* A value off the path is skipped. */
    enum { SKIP_NOTHING, SKIP_BRACKETS, SKIP_STRING, SKIP_WORD } skip;
    size_t skip_depth;
    bool skip_string; /* inside SKIP_BRACKETS */
    bool escaped;     /* the last byte was a backslash that escapes the next */

    bool in_document;
    bool found;              /* the document has a value at the path */
    struct frame_mark start; /* of the document */
    size_t head_len;         /* bytes of the document in frame.head */
    enum frame_issue issue;  /* that the document ends with; FRAME_OK: none */
};

struct frame {
    char *data;
    size_t cap;
    size_t len;
    size_t pos;    /* data[0..pos) is scanned */
    uint64_t base; /* offset of data[0] */
    bool finished;
    size_t max_record_bytes;
    uint64_t rescanned;

    enum frame_state state;
    uint64_t line;
    uint64_t line_at;
    bool line_is_blank;  /* so far */
    bool array_open;     /* the records are elements of an array */
    bool array_unclosed; /* if the stream ends here, the closing bracket is missing */
    unsigned noted;      /* since the end of the last record */
    bool seen_comma;     /* since the end of the last record */

    /* The current record, if state is not BETWEEN. */
    struct frame_mark start;
    bool own_line; /* it is the first record of its line */
    enum frame_issue issue;
    bool in_string;
    bool escaped;      /* the last byte was a backslash that escapes the next */
    uint8_t last;      /* the last byte that is not blank */
    uint64_t last_end; /* offset after the last byte that is not blank */
    size_t depth;
    bool is_object[JSON_MAX_DEPTH];
    enum frame_resync resync; /* in TO_LINE_END: what ends the record before the line ends */
    bool has_inner; /* `inner` is a line that looks like the start of another record */
    struct frame_mark inner;
    uint64_t inner_end; /* offset after the last byte before that line that is not blank */
    bool skipping;      /* the record is too long: only its head is kept */
    struct frame_walk walk;
    char head[FRAME_HEAD_BYTES];
};

static inline uint64_t frame_here(const struct frame *f)
{
    return f->base + f->pos;
}

static inline void frame_skip_newline(struct frame *f)
{
    if (f->state == IN_VALUE)
        f->noted |= FRAME_NOTED_MANY_LINES;
    else if (f->line_is_blank)
        f->noted |= FRAME_NOTED_BLANK_LINE;
    f->pos++;
    f->line++;
    f->line_at = frame_here(f);
    f->line_is_blank = true;
}

static inline bool frame_too_long(const struct frame *f)
{
    return frame_here(f) - f->start.at > f->max_record_bytes;
}

static inline size_t frame_head_bytes(const struct frame *f, uint64_t len)
{
    const size_t max_bytes =
        f->max_record_bytes < FRAME_HEAD_BYTES ? f->max_record_bytes : FRAME_HEAD_BYTES;

    return len < max_bytes ? (size_t)len : max_bytes;
}

/* Compare the bytes at pos with `mark`. Returns 1, 0, or -1 if more bytes are needed. */
static inline int frame_match_here(const struct frame *f, const char *mark, size_t n)
{
    const size_t left = f->len - f->pos;

    if (memcmp(f->data + f->pos, mark, left < n ? left : n) != 0)
        return 0;
    if (left >= n)
        return 1;
    return f->finished ? 0 : -1;
}

/* Why a scan stopped. */
enum frame_scan {
    SCAN_MORE,  /* at the end of the bytes */
    SCAN_DONE,  /* the value ends at pos */
    SCAN_CUT,   /* a line end inside a string at pos */
    SCAN_WRONG, /* an invalid bracket at pos */
};

/* Scan on from pos, which is inside a value. */
enum frame_scan frame_scan_value(struct frame *f);

/* In frame_broken.c: get the bracket and first key of the current record; empty if it has none.
 */
struct slice frame_opening(const struct frame *f);
/* End a broken element of an array before the next element that the scan has passed. Returns
 * false if there is none; otherwise *end is the offset at which the record ends. */
bool frame_rewind_to_element(struct frame *f, uint64_t *end);
/* Skip the rest of the line. Returns 1 at an element that ends the broken record, 0 at the end
 * of the line or of the bytes, -1 if more bytes are needed to decide. */
int frame_skip_line(struct frame *f);

/* In frame_walk.c: true if the next byte belongs to a document, not to its records. */
bool frame_is_walking(const struct frame *f);
/* Go on to the records. Returns 1 if a record starts at pos, 0 if the list of the records was
 * opened, and -1 if more bytes are needed or the document ends with an issue. */
int frame_walk(struct frame *f);
/* Return the issue that a document has ended with. Returns 1, or 0 if there is none. */
int frame_return_walk(struct frame *f, struct frame_record *out);
/* The state between two records as flags of a place, and back. */
unsigned frame_walk_flags(const struct frame *f);
void frame_walk_resume(struct frame *f, unsigned flags);

#endif
