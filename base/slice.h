/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - borrowed bytes with their length.
 *
 * Text of samples is a slice because it may hold NUL. A slice owns nothing; the header of the
 * function that hands one out says how long it lasts. ptr NULL means "absent" (SQL NULL), which
 * is not the same as the empty text (ptr set, len 0).
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

/* Nothing in it but white space of ASCII. */
static inline bool slice_is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\n\v\f\r", text.ptr[i], 6))
            return false;
    return true;
}

#endif
