/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/frame_private.h"

#include <stdint.h>

#include "base/text/word.h"

/* Count the bytes at p before the first quote, backslash or line end. */
static size_t frame_plain_prefix(const char *p, size_t n)
{
    size_t i = 0;

    while (n - i >= WORD_BYTES) {
        const uint64_t word = word_load(p + i);

        const uint64_t hits =
            word_has_byte(word, '"') | word_has_byte(word, '\\') | word_has_byte(word, '\n');

        if (hits) {
            i += word_before(hits);
            break;
        }
        i += WORD_BYTES;
    }
    while (i < n && p[i] != '"' && p[i] != '\\' && p[i] != '\n')
        i++;
    return i;
}

/* Scan to the end of the string. */
static enum frame_scan scan_frame_string(struct frame *f)
{
    while (f->pos < f->len) {
        if (!f->escaped)
            f->pos += frame_plain_prefix(f->data + f->pos, f->len - f->pos);
        if (f->pos == f->len)
            break;
        const char c = f->data[f->pos];
        if (c == '\n')
            return SCAN_CUT;
        if (c == '\\' && !f->escaped && f->len - f->pos > 1 && f->data[f->pos + 1] != '\n') {
            f->pos += 2; /* a complete escape needs no state */
            continue;
        }
        f->pos++;
        if (c == '"' && !f->escaped) {
            f->in_string = false;
            f->last = '"';
            f->last_end = frame_here(f);
            return SCAN_DONE;
        }
        f->escaped = c == '\\' && !f->escaped;
    }
    return SCAN_MORE;
}

/* True if pos is inside an object, or an array. Unknown, and true for both, if it is nested too
 * deeply. */
static bool is_inside(const struct frame *f, bool object)
{
    return f->depth > JSON_MAX_DEPTH || f->is_object[f->depth - 1] == object;
}

/* An object must not start after a value, or where a key is expected. */
static bool may_open_bracket(const struct frame *f, uint8_t c)
{
    if (c == '[' || f->depth == 0 || f->last == ':' || f->last == '[')
        return true;
    return f->last == ',' && is_inside(f, false);
}

/* Note a line inside the record that starts in the same column as the record. */
static void note_inner_line(struct frame *f)
{
    if (f->has_inner || f->depth == 0 || !f->own_line || !f->line_is_blank ||
        frame_here(f) - f->line_at != f->start.at - f->start.line_at)
        return;
    f->has_inner = true;
    f->inner = (struct frame_mark){ frame_here(f), f->line, f->line_at };
    f->inner_end = f->last_end;
}

static void enter_bracket(struct frame *f, uint8_t c)
{
    if (c == '{')
        note_inner_line(f);
    if (f->depth < JSON_MAX_DEPTH)
        f->is_object[f->depth] = c == '{';
    else
        f->issue = FRAME_TOO_DEEP;
    f->depth++;
}

enum byte_kind { OTHER, BLANK, NEWLINE, QUOTE, OPEN, CLOSE };

static const uint8_t kinds[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\r'] = BLANK, ['\n'] = NEWLINE, ['"'] = QUOTE,
    ['{'] = OPEN,  ['['] = OPEN,   ['}'] = CLOSE,  [']'] = CLOSE,
};

/* Scan one byte outside of strings. Returns SCAN_MORE if it is valid. */
static enum frame_scan scan_frame_byte(struct frame *f)
{
    const uint8_t c = (uint8_t)f->data[f->pos];

    switch ((enum byte_kind)kinds[c]) {
    case BLANK:
        f->noted |= c == '\r' ? FRAME_NOTED_CR : 0U;
        f->pos++;
        return SCAN_MORE;
    case NEWLINE:
        frame_skip_newline(f);
        return SCAN_MORE;
    case QUOTE:
        f->in_string = true;
        break;
    case OPEN:
        if (!may_open_bracket(f, c))
            return SCAN_WRONG;
        enter_bracket(f, c);
        break;
    case CLOSE:
        if (!is_inside(f, c == '}'))
            return SCAN_WRONG;
        f->depth--;
        break;
    case OTHER:
        break;
    }
    f->pos++;
    f->line_is_blank = false;
    f->last = c;
    f->last_end = frame_here(f);
    return f->depth == 0 && !f->in_string ? SCAN_DONE : SCAN_MORE;
}

enum frame_scan frame_scan_value(struct frame *f)
{
    while (f->pos < f->len) {
        enum frame_scan found = f->in_string ? scan_frame_string(f) : scan_frame_byte(f);

        if (found == SCAN_DONE && f->depth > 0)
            found = SCAN_MORE; /* only a string inside the value has ended */
        if (found != SCAN_MORE)
            return found;
    }
    return SCAN_MORE;
}
