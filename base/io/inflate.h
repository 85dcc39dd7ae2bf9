/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.h - read a file or descriptor as a byte stream, decompressed on the way.
 *
 * Plain, gzip (many members) or zstd (many frames), told apart by the first bytes. The only
 * code that includes <zlib.h> and <zstd.h>. Corrupt or cut-off compressed data is ERR_INPUT
 * with the compressed offset; the bytes before it have been delivered.
 *
 * A reader that was stopped goes on with inflate_resume(). A member or frame is the least that
 * can be decompressed by itself, so the bytes of it that were delivered before are decompressed
 * once more and dropped.
 */
#ifndef CURATE_INFLATE_H
#define CURATE_INFLATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct inflate;

/* "-" is standard input. ERR_NOT_FOUND, ERR_DENIED, ERR_IO; a directory is ERR_USAGE. */
int inflate_open(const char *path, struct inflate **out, struct error *err);
/* Bytes in memory, for tests and fuzzing; borrowed until close. */
int inflate_open_bytes(const void *bytes, size_t n, struct inflate **out, struct error *err);
void inflate_close(struct inflate *in);
/* At most n bytes into out: how many, 0 at the end, -1 on failure. */
ssize_t inflate_read(struct inflate *in, void *out, size_t n, struct error *err);
/* Where to go on from: a member or frame that begins in the file at `at`, `before` decompressed
 * bytes into the stream. Of plain data, any byte. */
struct inflate_mark {
    uint64_t at;
    uint64_t before;
};
/* The last one known that begins not behind this byte of the stream. Asked for bytes in
 * ascending order. */
struct inflate_mark inflate_mark(struct inflate *in, uint64_t stream_offset);
/* Let this byte of the stream be the next. mark is one that
 * inflate_mark() gave for it, of the same file. ERR_INPUT when the stream ends before that;
 * ERR_UNSUPPORTED for a pipe. */
int inflate_resume(struct inflate *in, const struct inflate_mark *mark, uint64_t stream_offset,
                   struct error *err);
/* The descriptor it reads, for poll(2); -1 for bytes in memory. */
int inflate_fd(const struct inflate *in);
/* Compressed bytes taken from the file so far, and the file's size (0 when not known). */
uint64_t inflate_position(const struct inflate *in);
uint64_t inflate_size(const struct inflate *in);

#endif
