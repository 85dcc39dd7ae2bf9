/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){ .max_bytes = max_bytes };
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ 0 };
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

int buf_reserve(struct buf *buf, size_t n, struct error *err)
{
    if (n > buf->max_bytes || buf->len > buf->max_bytes - n)
        return error_set(err, ERR_INPUT, "text is longer than its limit of %zu bytes",
                         buf->max_bytes);
    if (buf->data && buf->cap - buf->len > n)
        return 0;

    size_t cap = buf->cap ? buf->cap : 64;
    while (cap - buf->len <= n)
        cap = cap < buf->max_bytes / 2 ? cap * 2 : buf->max_bytes + 1;
    char *data = realloc(buf->data, cap);
    if (!data)
        return error_nomem(err);
    buf->data = data;
    buf->cap = cap;
    return 0;
}

int buf_add(struct buf *buf, const void *bytes, size_t n, struct error *err)
{
    if (buf_reserve(buf, n, err) < 0)
        return -1;
    if (n > 0)
        memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
    return 0;
}

int buf_add_text(struct buf *buf, const char *text, struct error *err)
{
    return buf_add(buf, text, strlen(text), err);
}

int buf_add_slice(struct buf *buf, struct slice slice, struct error *err)
{
    return buf_add(buf, slice.ptr, slice.len, err);
}

int buf_printf(struct buf *buf, struct error *err, const char *fmt, ...)
{
    va_list args, again;
    int rc = -1;

    va_start(args, fmt);
    va_copy(again, args);
    const int need = vsnprintf(NULL, 0, fmt, args);
    if (need >= 0 && buf_reserve(buf, (size_t)need, err) == 0) {
        vsnprintf(buf->data + buf->len, (size_t)need + 1, fmt, again);
        buf->len += (size_t)need;
        rc = 0;
    }
    va_end(again);
    va_end(args);
    return rc;
}

struct slice buf_slice(const struct buf *buf)
{
    return slice_of(buf->data ? buf->data : "", buf->len);
}
