/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/io/frame_private.h"

/* How far an array is looked at to see whether it is a list of messages. */
enum { MESSAGES_LOOK = 256 };

/* frame_place.flags; stored in databases. frame_walk_flags() uses the bits above. */
enum { PLACE_LINE_IS_BLANK = 1, PLACE_ARRAY_OPEN = 2, PLACE_ARRAY_UNCLOSED = 4 };

int frame_new(size_t max_record_bytes, struct frame **out, struct error *err)
{
    struct frame *frame = calloc(1, sizeof *frame);

    if (!frame)
        return error_nomem(err);
    frame->max_record_bytes = max_record_bytes;
    frame->line = 1;
    frame->line_is_blank = true;
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

/* Discard the bytes before the current record. */
static void discard_bytes(struct frame *f)
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
    discard_bytes(frame);
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

/* The current record is too long: keep only its head. */
static void start_skipping(struct frame *f)
{
    memcpy(f->head, f->data + (f->start.at - f->base),
           frame_head_bytes(f, frame_here(f) - f->start.at));
    f->skipping = true;
}

/* Return the current record, which ends at `end`. pos may be after that. The limit applies to
 * pos, so that the result does not depend on how the bytes were fed. */
static int return_record(struct frame *f, uint64_t end, enum frame_issue issue,
                         struct frame_record *out)
{
    const uint64_t len = end - f->start.at;

    *out = (struct frame_record){ .byte_offset = f->start.at,
                                  .byte_len = len,
                                  .line = f->start.line,
                                  .issue = issue,
                                  .noted = f->noted };
    f->noted = 0;
    f->seen_comma = false;
    if (f->skipping)
        out->text = slice_of(f->head, frame_head_bytes(f, len));
    else
        out->text = slice_of(f->data + (f->start.at - f->base),
                             frame_too_long(f) ? frame_head_bytes(f, len) : (size_t)len);
    if (frame_too_long(f) && (issue == FRAME_OK || issue == FRAME_TOO_DEEP))
        out->issue = FRAME_TOO_LONG;
    f->array_unclosed = issue == FRAME_OK || issue == FRAME_TOO_DEEP;
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
    f->own_line = f->line_is_blank;
    if (!f->line_is_blank && !f->array_open && !f->seen_comma && f->start.at > 0)
        f->noted |= FRAME_NOTED_SAME_LINE;
    f->line_is_blank = false;
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

/* Look for a byte order mark of UTF-16 or UTF-32 at the start of the stream. Returns 1 if there
 * is one, 0, or -1 if more bytes are needed. */
static int match_wide_bom(const struct frame *f)
{
    const int little = frame_match_here(f, "\xff\xfe", 2);
    const int big = frame_match_here(f, "\xfe\xff", 2);
    const int big_32 = frame_match_here(f, "\0\0\xfe\xff", 4);

    return little != 0 ? little : big != 0 ? big : big_32;
}

/* Skip a comma, or a bracket of the array that contains the records. Note a comma that does not
 * follow an element, and a bracket that closes no array. */
static void skip_separator(struct frame *f, char c)
{
    const bool stray = c == ']' && !f->array_open;

    if (c == ',' ? !f->array_open || f->seen_comma : f->seen_comma || stray)
        f->noted |= FRAME_NOTED_COMMA;
    if (c != ',' && !stray)
        f->array_open = f->array_unclosed = !f->array_open;
    f->seen_comma = c == ',';
    f->line_is_blank = false;
    f->pos++;
}

/* Match U+2028 or U+2029 at pos. Returns the length, 0, or a negative number if more bytes are
 * needed. */
static int match_unicode_line_end(const struct frame *f)
{
    const int line = frame_match_here(f, "\xe2\x80\xa8", 3);

    return 3 * (line != 0 ? line : frame_match_here(f, "\xe2\x80\xa9", 3));
}

static size_t skip_white_space(const struct frame *f, size_t i, size_t end)
{
    while (i < end && memchr(" \t\r\n", f->data[i], 4))
        i++;
    return i;
}

/* Does the array at pos begin with an object whose first key is "role" or "from"? Such an array
 * is a list of messages, one record. Returns 1 if so, 0, or -1 if more bytes are needed. */
static int match_messages(const struct frame *f)
{
    static const char *const keys[] = { "\"role\"", "\"from\"" };
    const size_t n_key = 6;
    const bool is_whole = f->finished || f->len - f->pos >= MESSAGES_LOOK;
    const size_t end = f->len - f->pos >= MESSAGES_LOOK ? f->pos + MESSAGES_LOOK : f->len;
    size_t i = skip_white_space(f, f->pos + 1, end);

    if (i < end && f->data[i] != '{')
        return 0;
    i = i < end ? skip_white_space(f, i + 1, end) : end;
    const size_t n = end - i < n_key ? end - i : n_key;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (memcmp(f->data + i, keys[k], n) == 0)
            return n == n_key ? 1 : is_whole ? 0 : -1;
    return 0;
}

/* Skip to the next record. Returns true if a record starts at pos, false if more bytes are
 * needed.
 */
static bool find_record_start(struct frame *f)
{
    while (f->pos < f->len) {
        const int walked = frame_is_walking(f) ? frame_walk(f) : 0;
        if (walked != 0) {
            if (walked > 0)
                begin_record(f);
            return walked > 0;
        }
        if (f->pos == f->len)
            return false;
        const char c = f->data[f->pos];
        const int wide = frame_here(f) == 0 ? match_wide_bom(f) : 0;
        const int utf8_mark = c == '\xef' ? frame_match_here(f, "\xef\xbb\xbf", 3) : 0;

        const int line_end = c == '\xe2' ? match_unicode_line_end(f) : 0;
        const int messages = c == '[' && !f->array_open ? match_messages(f) : 0;

        if (wide < 0 || utf8_mark < 0 || line_end < 0 || messages < 0)
            return false;
        if (wide > 0) {
            begin_record(f);
            f->state = TO_STREAM_END;
            return true;
        }
        if (utf8_mark > 0) {
            f->pos += 3;
            f->noted |= FRAME_NOTED_BOM;
            f->line_at += f->line_is_blank ? 3 : 0; /* columns do not count the mark */
        } else if (line_end > 0) {
            f->pos += (size_t)line_end;
            f->noted |= FRAME_NOTED_CR;
        } else if (c == '\n') {
            frame_skip_newline(f);
        } else if (c == ' ' || c == '\t' || c == '\r') {
            f->noted |= c == '\r' ? FRAME_NOTED_CR : 0U;
            f->pos++;
        } else if (c == ',' || c == ']' || (c == '[' && !f->array_open && !messages)) {
            skip_separator(f, c);
        } else {
            begin_record(f);
            return true;
        }
    }
    return false;
}

/* A broken record extends over a line that starts like a record: end the broken record before
 * that line, and resume there. The number of bytes scanned again is limited, because an
 * attacker could otherwise make scanning quadratic. */
static bool rewind_to_inner(struct frame *f)
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
    f->line_is_blank = true;
    return true;
}

static int return_value(struct frame *f, enum frame_scan found, struct frame_record *out)
{
    uint64_t end;

    if (found == SCAN_DONE)
        return return_record(f, frame_here(f), f->issue, out);
    if (rewind_to_inner(f))
        return return_record(f, f->inner_end, FRAME_TRUNCATED, out);
    if (frame_rewind_to_element(f, &end))
        return return_record(f, end, FRAME_BROKEN, out);
    if (found == SCAN_CUT)
        return return_record(f, frame_here(f), FRAME_TRUNCATED, out);
    if (found == SCAN_MORE) /* the stream ends here */
        return return_record(f, f->in_string ? frame_here(f) : f->last_end, FRAME_TRUNCATED,
                             out);
    if (f->line_is_blank)
        return return_record(f, f->last_end, FRAME_TRUNCATED, out);
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

static int scan_word(struct frame *f, struct frame_record *out)
{
    while (f->pos < f->len && is_word_byte(f->data[f->pos]))
        f->pos++;
    if (f->pos == f->len && !f->finished)
        return 0;
    if (frame_too_long(f) ||
        is_word(f->data + (f->start.at - f->base), (size_t)(frame_here(f) - f->start.at)))
        return return_record(f, frame_here(f), FRAME_OK, out);
    f->state = TO_LINE_END;
    f->issue = FRAME_BROKEN;
    f->last = 'a'; /* not a comma */
    f->last_end = frame_here(f);
    return 0;
}

static int scan_value(struct frame *f, struct frame_record *out)
{
    const enum frame_scan found = frame_scan_value(f);

    if (found == SCAN_MORE && !f->finished)
        return 0;
    return return_value(f, found, out);
}

static int scan_broken(struct frame *f, struct frame_record *out)
{
    int found = 0;

    if (f->state == TO_STREAM_END)
        f->pos = f->len;
    else
        found = frame_skip_line(f);
    if (found == 1) /* at the next element; last_end is before the comma */
        return return_record(f, f->last_end, f->issue, out);
    if (found < 0 || (f->pos == f->len && !f->finished))
        return 0;
    return return_record(f, frame_here(f), f->issue, out);
}

/* After the last record: an array without closing bracket may have lost elements. */
static int return_unclosed_array(struct frame *f, struct frame_record *out)
{
    if (!f->finished || f->pos < f->len || !f->array_open || !f->array_unclosed)
        return 0;
    f->array_open = false;
    f->walk.in_document = false;
    *out = (struct frame_record){ .text = slice_text(""),
                                  .byte_offset = frame_here(f),
                                  .line = f->line,
                                  .issue = FRAME_TRUNCATED,
                                  .noted = f->noted };
    f->noted = 0;
    return 1;
}

/* No record starts in the bytes that are there. */
static int return_at_end(struct frame *f, struct frame_record *out)
{
    const int rc = return_unclosed_array(f, out);

    return rc == 0 && f->walk.path ? frame_return_walk(f, out) : rc;
}

int frame_next(struct frame *frame, struct frame_record *out)
{
    enum frame_state before;
    int rc = 0;

    do {
        before = frame->state;
        switch (before) {
        case BETWEEN:
            rc = find_record_start(frame) ? 0 : return_at_end(frame, out);
            break;
        case IN_VALUE:
            rc = scan_value(frame, out);
            break;
        case IN_WORD:
            rc = scan_word(frame, out);
            break;
        case TO_LINE_END:
        case TO_STREAM_END:
            rc = scan_broken(frame, out);
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
        .flags = (frame->line_is_blank ? PLACE_LINE_IS_BLANK : 0U) |
                 (frame->array_open ? PLACE_ARRAY_OPEN : 0U) |
                 (frame->array_unclosed ? PLACE_ARRAY_UNCLOSED : 0U) | frame_walk_flags(frame),
    };
}

void frame_resume(struct frame *frame, const struct frame_place *place)
{
    frame->base = place->byte_offset;
    frame->line = place->line;
    frame->line_at = place->line_at;
    frame->rescanned = place->rescanned;
    frame->line_is_blank = place->flags & PLACE_LINE_IS_BLANK;
    frame->array_open = place->flags & PLACE_ARRAY_OPEN;
    frame->array_unclosed = place->flags & PLACE_ARRAY_UNCLOSED;
    frame_walk_resume(frame, place->flags);
}
