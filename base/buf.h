/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a byte buffer that grows up to a hard maximum.
 *
 * Once anything was added, data[len] is NUL, so that data is a C string; len does not count the
 * NUL. Call buf_init() first: a zeroed struct is an empty buffer with a maximum of 0 bytes.
 *
 * Functions that take err return 0, or -1 with err set: ERR_NOMEM, or ERR_INPUT if the buffer
 * would grow past its maximum.
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
    size_t max_bytes;
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_release(struct buf *buf);
/* Empty the buffer. Keeps its memory. */
void buf_clear(struct buf *buf);

/* Make room for n more bytes. */
int buf_reserve(struct buf *buf, size_t n, struct error *err);
/* Append bytes, a C string, a slice, or formatted text. */
int buf_add(struct buf *buf, const void *bytes, size_t n, struct error *err);
int buf_add_text(struct buf *buf, const char *text, struct error *err);
int buf_add_slice(struct buf *buf, struct slice slice, struct error *err);
int buf_printf(struct buf *buf, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The content, valid until the buffer changes. */
struct slice buf_slice(const struct buf *buf);

#endif
