/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find where a broken element of an array ends: before another element on the same line.
 */
#include "base/io/frame_private.h"

#include <string.h>

/* Elements of an array usually start with the same bracket and key, such as `{"id"`. Search
 * only the head that start_skipping() keeps, so that the result does not depend on how the
 * stream was fed. */
struct slice frame_opening(const struct frame *f)
{
    const char *p = f->skipping ? f->head : f->data + (f->start.at - f->base);
    const size_t n = frame_head_bytes(f, frame_here(f) - f->start.at);
    const struct slice none = { NULL, 0 };
    size_t i = 1;

    if (n == 0 || p[0] != '{')
        return none;
    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
        i++;
    if (i == n || p[i++] != '"')
        return none;
    while (i < n && p[i] != '"' && p[i] != '\\' && p[i] != '\n')
        i++;
    return i < n && p[i] == '"' ? slice_of(p, i + 1) : none;
}

/* Find the comma before data[i], with only blanks in between. Returns its index, or 0. */
static size_t find_comma_before(const struct frame *f, size_t i)
{
    const size_t first = (size_t)(f->start.at - f->base);

    while (i > first && strchr(" \t\r\n", f->data[i - 1]) && f->data[i - 1])
        i--;
    return i > first && f->data[i - 1] == ',' ? i - 1 : 0;
}

/* Rewind to data[to], which is inside the record. */
static void rewind_to(struct frame *f, size_t to)
{
    const char *p = f->data + (f->start.at - f->base);

    f->line = f->start.line;
    f->line_at = f->start.line_at;
    f->line_is_blank = false;
    for (; p < f->data + to; p++) {
        if (*p == '\n') {
            f->line++;
            f->line_at = f->base + (uint64_t)(p - f->data) + 1;
            f->line_is_blank = true;
        } else if (*p != ' ' && *p != '\t' && *p != '\r') {
            f->line_is_blank = false;
        }
    }
    f->pos = to;
}

/* End the broken element before the next one that starts in the same way. Ignore whether that
 * is inside a string, because a quote may be missing. Text inside a string cannot match: its
 * quotes are escaped. */
bool frame_rewind_to_element(struct frame *f, uint64_t *end)
{
    const struct slice like = frame_opening(f);

    if (!f->array_open || like.len == 0 || frame_too_long(f))
        return false;
    for (size_t i = (size_t)(f->start.at - f->base) + like.len; i + like.len <= f->pos; i++) {
        const char *next = memmem(f->data + i, f->pos - i, like.ptr, like.len);
        if (!next)
            return false;
        i = (size_t)(next - f->data);
        const size_t comma = find_comma_before(f, i);
        if (comma == 0)
            continue;
        const uint64_t again = f->pos - i;
        if (f->rescanned + again > FRAME_RESCANS * frame_here(f))
            return false;
        f->rescanned += again;
        *end = f->base + comma;
        rewind_to(f, i);
        return true;
    }
    return false;
}

/* Check whether the bracket at pos starts an element that ends the broken record. Returns 1, 0,
 * or -1 if more bytes are needed. */
static int starts_next_element(const struct frame *f)
{
    if (f->resync == RESYNC_NEVER || f->last != ',')
        return 0;
    if (f->resync == RESYNC_OBJECT)
        return 1;
    const struct slice like = frame_opening(f);
    return frame_match_here(f, like.ptr, like.len);
}

int frame_skip_line(struct frame *f)
{
    for (; f->pos < f->len && f->data[f->pos] != '\n'; f->pos++) {
        const char c = f->data[f->pos];
        const int ends = c == '{' ? starts_next_element(f) : 0;

        if (ends != 0)
            return ends;
        if (c != ' ' && c != '\t' && c != '\r') {
            f->last = (uint8_t)c;
            f->last_end = frame_here(f);
        }
    }
    return 0;
}
