/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - bytes that grow, up to a hard maximum.
 *
 * data[len] is always NUL once anything was added, so that text can be handed to libc; the NUL
 * is not counted. A zeroed struct is an empty buffer with no room at all: call buf_init()
 * first.
 */
#ifndef CURATE_BUF_H
#define CURATE_BUF_H

#include <stddef.h>

#include "base/slice.h"

struct error;

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max_bytes; /* growing past this is ERR_INPUT */
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_release(struct buf *buf);
/* Empty it, keep the capacity. */
void buf_clear(struct buf *buf);

/* Make room for n more bytes. ERR_NOMEM, or ERR_INPUT when that would pass the maximum. */
int buf_reserve(struct buf *buf, size_t n, struct error *err);
int buf_add(struct buf *buf, const void *bytes, size_t n, struct error *err);
int buf_add_text(struct buf *buf, const char *text, struct error *err);
int buf_add_slice(struct buf *buf, struct slice slice, struct error *err);
int buf_printf(struct buf *buf, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What is in it; lasts until the next change of the buffer. */
struct slice buf_slice(const struct buf *buf);

#endif
