/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a broken element of an array ends: before another element on the same line.
 */
#include "base/io/frame_private.h"

#include <string.h>

/* The bracket and first key that the record begins with, `{"id"`: elements of an array usually
 * have them in common. Empty when there are none. Looked for where start_skipping() keeps them,
 * so that they can be told however the stream is fed. */
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

/* Where the comma is that stands before data[i], with nothing but blanks between; 0 for none.
 */
static size_t comma_before(const struct frame *f, size_t i)
{
    const size_t first = (size_t)(f->start.at - f->base);

    while (i > first && strchr(" \t\r\n", f->data[i - 1]) && f->data[i - 1])
        i--;
    return i > first && f->data[i - 1] == ',' ? i - 1 : 0;
}

/* Go back to data[to], which is inside the record. */
static void go_back(struct frame *f, size_t to)
{
    const char *p = f->data + (f->start.at - f->base);

    f->line = f->start.line;
    f->line_at = f->start.line_at;
    f->fresh = false;
    for (; p < f->data + to; p++) {
        if (*p == '\n') {
            f->line++;
            f->line_at = f->base + (uint64_t)(p - f->data) + 1;
            f->fresh = true;
        } else if (*p != ' ' && *p != '\t' && *p != '\r') {
            f->fresh = false;
        }
    }
    f->pos = to;
}

/* A broken element of an array reached over others: end it before the first that begins as it
 * did itself. Quotes are not trusted, one may be missing; what looks like an element inside a
 * string has its quotes escaped. *end is where the record ends. */
bool frame_give_back_element(struct frame *f, uint64_t *end)
{
    const struct slice like = frame_opening(f);

    if (!f->array_open || like.len == 0 || frame_too_long(f))
        return false;
    for (size_t i = (size_t)(f->start.at - f->base) + like.len; i + like.len <= f->pos; i++) {
        const char *next = memmem(f->data + i, f->pos - i, like.ptr, like.len);
        if (!next)
            return false;
        i = (size_t)(next - f->data);
        const size_t comma = comma_before(f, i);
        if (comma == 0)
            continue;
        const uint64_t again = f->pos - i;
        if (f->rescanned + again > FRAME_RESCANS * frame_here(f))
            return false;
        f->rescanned += again;
        *end = f->base + comma;
        go_back(f, i);
        return true;
    }
    return false;
}

/* At a bracket: does an element begin here that ends the broken record? -1 when the bytes in
 * hand cannot tell yet. */
static int ends_broken(const struct frame *f)
{
    if (f->resync == RESYNC_NEVER || f->last != ',')
        return 0;
    if (f->resync == RESYNC_OBJECT)
        return 1;
    const struct slice like = frame_opening(f);
    return frame_stands_here(f, like.ptr, like.len);
}

/* Pass the rest of the line. 1 at an element to go on with, 0 at the end of the line or of the
 * bytes in hand, -1 when more are needed to tell. */
int frame_pass_line(struct frame *f)
{
    for (; f->pos < f->len && f->data[f->pos] != '\n'; f->pos++) {
        const char c = f->data[f->pos];
        const int ends = c == '{' ? ends_broken(f) : 0;

        if (ends != 0)
            return ends;
        if (c != ' ' && c != '\t' && c != '\r') {
            f->last = (uint8_t)c;
            f->last_end = frame_here(f);
        }
    }
    return 0;
}
