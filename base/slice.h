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

#endif
