/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/io/frame_private.h"

enum { PLACE_FRESH = 1, PLACE_ARRAY_OPEN = 2, PLACE_ARRAY_DUE = 4 };

int frame_new(size_t max_record_bytes, struct frame **out, struct error *err)
{
    struct frame *frame = calloc(1, sizeof *frame);

    if (!frame)
        return error_nomem(err);
    frame->max_record_bytes = max_record_bytes;
    frame->line = 1;
    frame->fresh = true;
    *out = frame;
    return 0;
}

void frame_free(struct frame *frame)
{
    if (!frame)
        return;
    free(frame->data);
    free(frame);
}

/* Give up the bytes that no record needs any more. */
static void drop_bytes(struct frame *f)
{
    size_t n = f->pos;

    if (f->state != BETWEEN && !f->skipping)
        n = (size_t)(f->start.at - f->base);
    if (n == 0)
        return;
    memmove(f->data, f->data + n, f->len - n);
    f->base += n;
    f->len -= n;
    f->pos -= n;
}

int frame_feed(struct frame *frame, const void *bytes, size_t n, struct error *err)
{
    drop_bytes(frame);
    if (n > SIZE_MAX / 2 - frame->len)
        return error_nomem(err);
    if (frame->cap - frame->len < n) {
        size_t cap = frame->cap ? frame->cap : 4096;

        while (cap - frame->len < n)
            cap *= 2;
        char *data = realloc(frame->data, cap);
        if (!data)
            return error_nomem(err);
        frame->data = data;
        frame->cap = cap;
    }
    if (n > 0)
        memcpy(frame->data + frame->len, bytes, n);
    frame->len += n;
    return 0;
}

void frame_finish(struct frame *frame)
{
    frame->finished = true;
}

/* The record outgrows the limit before its end has come: keep its head, let the rest go by. */
static void start_skipping(struct frame *f)
{
    memcpy(f->head, f->data + (f->start.at - f->base),
           frame_head_bytes(f, frame_here(f) - f->start.at));
    f->skipping = true;
}

/* Hand out the record, which ends at `end`; the scan has come to pos, which may be further. The
 * limit is held against pos, so that the outcome does not depend on how the bytes were fed. */
static int emit(struct frame *f, uint64_t end, enum frame_issue issue, struct frame_record *out)
{
    const uint64_t len = end - f->start.at;

    *out = (struct frame_record){ .byte_offset = f->start.at,
                                  .byte_len = len,
                                  .line = f->start.line,
                                  .issue = issue,
                                  .noted = f->noted };
    f->noted = 0;
    f->comma = false;
    if (f->skipping)
        out->text = slice_of(f->head, frame_head_bytes(f, len));
    else
        out->text = slice_of(f->data + (f->start.at - f->base),
                             frame_too_long(f) ? frame_head_bytes(f, len) : (size_t)len);
    if (frame_too_long(f) && (issue == FRAME_OK || issue == FRAME_TOO_DEEP))
        out->issue = FRAME_TOO_LONG;
    f->array_due = issue == FRAME_OK || issue == FRAME_TOO_DEEP;
    f->state = BETWEEN;
    f->skipping = false;
    return 1;
}

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
}

static bool is_word_byte(char c)
{
    return is_number_byte(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void begin_record(struct frame *f)
{
    const char c = f->data[f->pos];

    f->start = (struct frame_mark){ frame_here(f), f->line, f->line_at };
    f->own_line = f->fresh;
    if (!f->fresh && !f->array_open && !f->comma && f->start.at > 0)
        f->noted |= FRAME_NOTED_SAME_LINE;
    f->fresh = false;
    f->issue = FRAME_OK;
    f->in_string = false;
    f->escaped = false;
    f->depth = 0;
    f->has_inner = false;
    f->skipping = false;
    f->resync = f->array_open ? RESYNC_OBJECT : RESYNC_NEVER;
    if (c == '{' || c == '[' || c == '"') {
        f->state = IN_VALUE;
    } else if (is_word_byte(c)) {
        f->state = IN_WORD;
    } else {
        f->state = TO_LINE_END;
        f->issue = FRAME_BROKEN;
        f->last = (uint8_t)c;
    }
}

/* At the very start: a byte order mark of UTF-16 or UTF-32 tells that all of it is unreadable.
 * 1 when there is one, -1 when more bytes are needed. */
static int starts_wide(const struct frame *f)
{
    const int little = frame_stands_here(f, "\xff\xfe", 2);
    const int big = frame_stands_here(f, "\xfe\xff", 2);
    const int big_32 = frame_stands_here(f, "\0\0\xfe\xff", 4);

    return little != 0 ? little : big != 0 ? big : big_32;
}

/* A comma, or a bracket of the array that the records are in. One comma belongs behind an
 * element, none anywhere else; no bracket closes what is not open. */
static void pass_separator(struct frame *f, char c)
{
    const bool stray = c == ']' && !f->array_open;

    if (c == ',' ? !f->array_open || f->comma : f->comma || stray)
        f->noted |= FRAME_NOTED_COMMA;
    if (c != ',' && !stray)
        f->array_open = f->array_due = !f->array_open;
    f->comma = c == ',';
    f->fresh = false;
    f->pos++;
}

/* U+2028 or U+2029, which some take for line ends: how many bytes, -1 when more are needed. */
static int unicode_line_end(const struct frame *f)
{
    const int line = frame_stands_here(f, "\xe2\x80\xa8", 3);

    return 3 * (line != 0 ? line : frame_stands_here(f, "\xe2\x80\xa9", 3));
}

/* Pass what may stand between records. True when a record starts at pos, false when the bytes
 * are used up or, at a mark that is not all there, more are needed. */
static bool find_start(struct frame *f)
{
    while (f->pos < f->len) {
        const char c = f->data[f->pos];
        const int wide = frame_here(f) == 0 ? starts_wide(f) : 0;
        const int utf8_mark = c == '\xef' ? frame_stands_here(f, "\xef\xbb\xbf", 3) : 0;

        const int line_end = c == '\xe2' ? unicode_line_end(f) : 0;

        if (wide < 0 || utf8_mark < 0 || line_end < 0)
            return false;
        if (wide > 0) {
            begin_record(f);
            f->state = TO_STREAM_END;
            return true;
        }
        if (utf8_mark > 0) {
            f->pos += 3;
            f->noted |= FRAME_NOTED_BOM;
            f->line_at += f->fresh ? 3 : 0; /* it has no width */
        } else if (line_end > 0) {
            f->pos += (size_t)line_end;
            f->noted |= FRAME_NOTED_CR;
        } else if (c == '\n') {
            frame_pass_newline(f);
        } else if (c == ' ' || c == '\t' || c == '\r') {
            f->noted |= c == '\r' ? FRAME_NOTED_CR : 0U;
            f->pos++;
        } else if (c == ',' || c == ']' || (c == '[' && !f->array_open)) {
            pass_separator(f, c);
        } else {
            begin_record(f);
            return true;
        }
    }
    return false;
}

/* A broken record reached over a line that starts like a record: end it before that line, and
 * go on there. The budget keeps hostile input from being scanned again and again. */
static bool give_back_inner(struct frame *f)
{
    if (!f->has_inner || frame_too_long(f))
        return false;
    const uint64_t again = frame_here(f) - f->inner.at;
    if (f->rescanned + again > FRAME_RESCANS * frame_here(f))
        return false;
    f->rescanned += again;
    f->pos = (size_t)(f->inner.at - f->base);
    f->line = f->inner.line;
    f->line_at = f->inner.line_at;
    f->fresh = true;
    return true;
}

static int emit_value(struct frame *f, enum frame_scan found, struct frame_record *out)
{
    uint64_t end;

    if (found == SCAN_DONE)
        return emit(f, frame_here(f), f->issue, out);
    if (give_back_inner(f))
        return emit(f, f->inner_end, FRAME_TRUNCATED, out);
    if (frame_give_back_element(f, &end))
        return emit(f, end, FRAME_BROKEN, out);
    if (found == SCAN_CUT)
        return emit(f, frame_here(f), FRAME_TRUNCATED, out);
    if (found == SCAN_MORE) /* the stream ends here */
        return emit(f, f->in_string ? frame_here(f) : f->last_end, FRAME_TRUNCATED, out);
    if (f->fresh)
        return emit(f, f->last_end, FRAME_TRUNCATED, out);
    f->state = TO_LINE_END;
    f->issue = FRAME_BROKEN;
    f->resync = f->array_open && frame_opening(f).len > 0 ? RESYNC_ALIKE : RESYNC_NEVER;
    if (f->last == ',')
        f->last_end--; /* it may be the comma between two elements */
    return 0;
}

static bool is_word(const char *text, size_t n)
{
    static const char *const words[] = {
        "true", "false", "null", "NaN", "Infinity", "-Infinity"
    };
    size_t i = 0;

    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (strlen(words[w]) == n && memcmp(words[w], text, n) == 0)
            return true;
    while (i < n && (is_number_byte(text[i]) || text[i] == 'e' || text[i] == 'E'))
        i++;
    return i == n;
}

static int next_word(struct frame *f, struct frame_record *out)
{
    while (f->pos < f->len && is_word_byte(f->data[f->pos]))
        f->pos++;
    if (f->pos == f->len && !f->finished)
        return 0;
    if (frame_too_long(f) ||
        is_word(f->data + (f->start.at - f->base), (size_t)(frame_here(f) - f->start.at)))
        return emit(f, frame_here(f), FRAME_OK, out);
    f->state = TO_LINE_END;
    f->issue = FRAME_BROKEN;
    f->last = 'a'; /* any letter: no comma */
    f->last_end = frame_here(f);
    return 0;
}

static int next_value(struct frame *f, struct frame_record *out)
{
    const enum frame_scan found = frame_scan_value(f);

    if (found == SCAN_MORE && !f->finished)
        return 0;
    return emit_value(f, found, out);
}

static int next_broken(struct frame *f, struct frame_record *out)
{
    int found = 0;

    if (f->state == TO_STREAM_END)
        f->pos = f->len;
    else
        found = frame_pass_line(f);
    if (found == 1) /* last_end is at the comma before it */
        return emit(f, f->last_end, f->issue, out);
    if (found < 0 || (f->pos == f->len && !f->finished))
        return 0;
    return emit(f, frame_here(f), f->issue, out);
}

/* All records were handed out. An array that nobody closed may have lost elements. */
static int next_end(struct frame *f, struct frame_record *out)
{
    if (!f->finished || f->pos < f->len || !f->array_open || !f->array_due)
        return 0;
    f->array_open = false;
    *out = (struct frame_record){ .text = slice_text(""),
                                  .byte_offset = frame_here(f),
                                  .line = f->line,
                                  .issue = FRAME_TRUNCATED,
                                  .noted = f->noted };
    f->noted = 0;
    return 1;
}

int frame_next(struct frame *frame, struct frame_record *out)
{
    enum frame_state before;
    int rc = 0;

    do {
        before = frame->state;
        switch (before) {
        case BETWEEN:
            rc = find_start(frame) ? 0 : next_end(frame, out);
            break;
        case IN_VALUE:
            rc = next_value(frame, out);
            break;
        case IN_WORD:
            rc = next_word(frame, out);
            break;
        case TO_LINE_END:
        case TO_STREAM_END:
            rc = next_broken(frame, out);
            break;
        }
    } while (rc == 0 && frame->state != before);
    if (rc == 0 && frame->state != BETWEEN && !frame->skipping && frame_too_long(frame))
        start_skipping(frame);
    return rc;
}

unsigned frame_noted_behind(const struct frame *frame)
{
    return frame->noted;
}

void frame_place(const struct frame *frame, struct frame_place *out)
{
    *out = (struct frame_place){
        .byte_offset = frame_here(frame),
        .line = frame->line,
        .line_at = frame->line_at,
        .rescanned = frame->rescanned,
        .flags = (frame->fresh ? PLACE_FRESH : 0U) |
                 (frame->array_open ? PLACE_ARRAY_OPEN : 0U) |
                 (frame->array_due ? PLACE_ARRAY_DUE : 0U),
    };
}

void frame_resume(struct frame *frame, const struct frame_place *place)
{
    frame->base = place->byte_offset;
    frame->line = place->line;
    frame->line_at = place->line_at;
    frame->rescanned = place->rescanned;
    frame->fresh = place->flags & PLACE_FRESH;
    frame->array_open = place->flags & PLACE_ARRAY_OPEN;
    frame->array_due = place->flags & PLACE_ARRAY_DUE;
}
