/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - a corpus file as one stream of UTF-8 bytes.
 *
 * The file is decompressed (base/io/inflate.h). If it starts with a byte order mark of UTF-16
 * or UTF-32, it is converted to UTF-8. The mark stays in the stream, in UTF-8. Invalid units
 * (half of a surrogate pair, a number above U+10FFFF, a unit truncated by the end) become bytes
 * that are not UTF-8, so that only their own record is invalid. Offsets count bytes of the
 * stream.
 */
#ifndef CURATE_STREAM_H
#define CURATE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/io/inflate.h"

struct error;
struct stream;

/* Open a file as inflate_open() does. transcode false returns the bytes unchanged. */
int stream_open(const char *path, bool transcode, struct stream **out, struct error *err);
/* Read from a source as inflate_open_source() does. */
int stream_open_source(const struct inflate_source *source, const char *name, bool transcode,
                       struct stream **out, struct error *err);
void stream_close(struct stream *stream);
/* As inflate_limit_memory(). */
void stream_limit_memory(struct stream *stream, uint64_t max_bytes);
/* Read at most n bytes; n must be at least 16. Returns their number, 0 at the end, or -1. */
ssize_t stream_read(struct stream *stream, void *out, size_t n, struct error *err);
/* The encoding that is converted, "UTF-16LE" and so on; NULL if the bytes are unchanged. Known
 * after the first read. */
const char *stream_encoding(const struct stream *stream);
/* The file as inflate.h reads it, for poll(2) and progress. */
const struct inflate *stream_inflate(const struct stream *stream);
/* As inflate_mark() and inflate_resume(). A converted file is read again from the start. */
struct inflate_mark stream_mark(struct stream *stream, uint64_t offset);
int stream_resume(struct stream *stream, const struct inflate_mark *mark, uint64_t offset,
                  struct error *err);

#endif
