/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.h - read a file or descriptor as a byte stream and decompress it.
 *
 * The first bytes decide whether it is plain, gzip (one or more members), zstd (one or more
 * frames), xz or bzip2 (one or more streams). Corrupt or truncated compressed data is ERR_INPUT
 * with the compressed offset, after all bytes before it have been returned.
 *
 * Reading can stop and resume later with inflate_resume(). Only whole members, frames or
 * streams can be decompressed, so the bytes of a member that were read before are decompressed
 * again and discarded.
 */
#ifndef CURATE_INFLATE_H
#define CURATE_INFLATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct inflate;

/* Open a file; "-" is standard input. Returns 0, or -1 with err set: ERR_NOT_FOUND, ERR_DENIED,
 * ERR_IO, or ERR_USAGE for a directory. */
int inflate_open(const char *path, struct inflate **out, struct error *err);
/* Bytes that do not come from a descriptor. read() returns their number, 0 at the end, or -1
 * with err set. */
struct inflate_source {
    ssize_t (*read)(void *arg, void *out, size_t n, struct error *err);
    void *arg;
};
/* Read from a source, which the caller keeps until inflate_close(). name is for messages. */
int inflate_open_source(const struct inflate_source *source, const char *name,
                        struct inflate **out, struct error *err);
void inflate_close(struct inflate *in);
/* Set the limit on the memory of the process, in bytes; 0: none. A window of zstd or xz data
 * may use a quarter of the limit. Without a limit it may use half of the memory that is
 * available when the window is needed. Windows of up to 128 MiB are always used. A larger one
 * is ERR_INPUT from inflate_read(), with the command that helps. */
void inflate_limit_memory(struct inflate *in, uint64_t max_bytes);
/* Read at most n decompressed bytes. Returns their number, 0 at the end, or -1. */
ssize_t inflate_read(struct inflate *in, void *out, size_t n, struct error *err);

/* A position from which decompression can start: the start of a member, frame or stream; in
 * plain data any byte. */
struct inflate_mark {
    uint64_t file_offset;   /* compressed */
    uint64_t stream_offset; /* decompressed */
};
/* Get the last mark at or before this byte of the stream. Offsets must not decrease from call
 * to call. */
struct inflate_mark inflate_mark(struct inflate *in, uint64_t stream_offset);
/* Continue at this byte of the stream. mark is what inflate_mark() returned for that byte of
 * the same file. Returns 0, or -1 with err set: ERR_INPUT if the stream ends before that byte,
 * ERR_UNSUPPORTED for a pipe. A source must be at its first byte when it is opened. */
int inflate_resume(struct inflate *in, const struct inflate_mark *mark, uint64_t stream_offset,
                   struct error *err);
/* The file descriptor, for poll(2); -1 for a source. */
int inflate_fd(const struct inflate *in);
/* Number of compressed bytes consumed so far. */
uint64_t inflate_position(const struct inflate *in);

#endif
