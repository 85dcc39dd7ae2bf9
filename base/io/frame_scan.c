/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/frame_private.h"

#include <stdint.h>

#include "base/text/word.h"

/* Bytes at p that are neither a quote nor a backslash nor a line end. */
static size_t plain_prefix(const char *p, size_t n)
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

/* Go to the end of the string. */
static enum frame_scan scan_string(struct frame *f)
{
    while (f->pos < f->len) {
        if (!f->escaped)
            f->pos += plain_prefix(f->data + f->pos, f->len - f->pos);
        if (f->pos == f->len)
            break;
        const char c = f->data[f->pos];
        if (c == '\n')
            return SCAN_CUT;
        if (c == '\\' && !f->escaped && f->len - f->pos > 1 && f->data[f->pos + 1] != '\n') {
            f->pos += 2; /* an escape that is whole needs no memory of it */
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

/* Is the container at pos an object? What is nested too deep to be remembered may be either. */
static bool inside(const struct frame *f, bool object)
{
    return f->depth > JSON_MAX_DEPTH || f->is_object[f->depth - 1] == object;
}

/* An object must not open behind a value, nor where a key must stand. */
static bool may_open(const struct frame *f, uint8_t c)
{
    if (c == '[' || f->depth == 0 || f->last == ':' || f->last == '[')
        return true;
    return f->last == ',' && inside(f, false);
}

/* A line inside a record that begins just as the record itself did. */
static void note_inner(struct frame *f)
{
    if (f->has_inner || f->depth == 0 || !f->own_line || !f->fresh ||
        frame_here(f) - f->line_at != f->start.at - f->start.line_at)
        return;
    f->has_inner = true;
    f->inner = (struct frame_mark){ frame_here(f), f->line, f->line_at };
    f->inner_end = f->last_end;
}

static void open_bracket(struct frame *f, uint8_t c)
{
    if (c == '{')
        note_inner(f);
    if (f->depth < JSON_MAX_DEPTH)
        f->is_object[f->depth] = c == '{';
    else
        f->issue = FRAME_TOO_DEEP;
    f->depth++;
}

enum kind { OTHER, BLANK, NEWLINE, QUOTE, OPEN, CLOSE };

static const uint8_t kinds[256] = {
    [' '] = BLANK, ['\t'] = BLANK, ['\r'] = BLANK, ['\n'] = NEWLINE, ['"'] = QUOTE,
    ['{'] = OPEN,  ['['] = OPEN,   ['}'] = CLOSE,  [']'] = CLOSE,
};

/* One byte outside of strings: SCAN_MORE when it fits. */
static enum frame_scan scan_byte(struct frame *f)
{
    const uint8_t c = (uint8_t)f->data[f->pos];

    switch ((enum kind)kinds[c]) {
    case BLANK:
        f->noted |= c == '\r' ? FRAME_NOTED_CR : 0U;
        f->pos++;
        return SCAN_MORE;
    case NEWLINE:
        frame_pass_newline(f);
        return SCAN_MORE;
    case QUOTE:
        f->in_string = true;
        break;
    case OPEN:
        if (!may_open(f, c))
            return SCAN_WRONG;
        open_bracket(f, c);
        break;
    case CLOSE:
        if (!inside(f, c == '}'))
            return SCAN_WRONG;
        f->depth--;
        break;
    case OTHER:
        break;
    }
    f->pos++;
    f->fresh = false;
    f->last = c;
    f->last_end = frame_here(f);
    return f->depth == 0 && !f->in_string ? SCAN_DONE : SCAN_MORE;
}

enum frame_scan frame_scan_value(struct frame *f)
{
    while (f->pos < f->len) {
        enum frame_scan found = f->in_string ? scan_string(f) : scan_byte(f);

        if (found == SCAN_DONE && f->depth > 0)
            found = SCAN_MORE; /* only a string inside the value is done */
        if (found != SCAN_MORE)
            return found;
    }
    return SCAN_MORE;
}
