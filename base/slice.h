/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - borrowed bytes with their length.
 *
 * Text of samples is a slice because it may contain NUL. A slice owns no memory; functions that
 * return one say how long it is valid. ptr NULL means "absent" (SQL NULL) and differs from
 * empty text (ptr set, len 0).
 */
#ifndef CURATE_SLICE_H
#define CURATE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

static inline struct slice slice_of(const char *ptr, size_t len)
{
    return (struct slice){ ptr, len };
}

/* The bytes of a C string, without its NUL. */
static inline struct slice slice_text(const char *text)
{
    return (struct slice){ text, strlen(text) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* True if the text is empty or only ASCII white space. */
static inline bool slice_is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\n\v\f\r", text.ptr[i], 6))
            return false;
    return true;
}

/* The text without ASCII white space at its start. A text that becomes empty keeps a ptr. */
static inline struct slice slice_trim_start(struct slice text)
{
    while (text.len > 0 && slice_is_blank(slice_of(text.ptr, 1)))
        text = slice_of(text.ptr + 1, text.len - 1);
    return text;
}

/* The text without ASCII white space at its end. */
static inline struct slice slice_trim_end(struct slice text)
{
    while (text.len > 0 && slice_is_blank(slice_of(text.ptr + text.len - 1, 1)))
        text.len--;
    return text;
}

/* The text without ASCII white space around it. */
static inline struct slice slice_trim(struct slice text)
{
    return slice_trim_end(slice_trim_start(text));
}

#endif
