/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - a corpus file as one stream of UTF-8 bytes.
 *
 * Decompressed (base/io/inflate.h), and turned into UTF-8 where the file begins with the byte
 * order mark of UTF-16 or UTF-32. The mark stays in the stream, as UTF-8's. What stands for no
 * character (half of a surrogate pair, a number that is too large, a unit cut off by the end)
 * becomes bytes that are no UTF-8 either, so that it spoils its own record. Offsets count bytes
 * of the stream.
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

/* As inflate_open() and inflate_open_bytes(). transcode false passes every byte on. */
int stream_open(const char *path, bool transcode, struct stream **out, struct error *err);
int stream_open_bytes(const void *bytes, size_t n, bool transcode, struct stream **out,
                      struct error *err);
void stream_close(struct stream *stream);
/* At most n bytes, n at least 16: how many, 0 at the end, -1 on failure. */
ssize_t stream_read(struct stream *stream, void *out, size_t n, struct error *err);
/* "UTF-16LE" and so on, of what was read first; NULL for bytes that are passed on. */
const char *stream_encoding(const struct stream *stream);
/* For poll(2) and progress. */
const struct inflate *stream_inflate(const struct stream *stream);
/* As inflate_mark() and inflate_resume(). Other encodings are read from the beginning again. */
struct inflate_mark stream_mark(struct stream *stream, uint64_t offset);
int stream_resume(struct stream *stream, const struct inflate_mark *mark, uint64_t offset,
                  struct error *err);

#endif
