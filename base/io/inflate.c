/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"

enum {
    BLOCK_BYTES = 128 * 1024,
    MAGIC_BYTES = 4,
    ZSTD_BLOCK_HEADER = 3,
    ZSTD_HEADER_START = 5, /* bytes of a frame header that determine its length */
    MARKS_MAX = 512,
    GZIP_ONLY = 15 + 16, /* largest window; the data has a gzip header */
};

enum compression {
    KIND_UNKNOWN, /* until the first read, because reading standard input may wait */
    KIND_PLAIN,
    KIND_GZIP,
    KIND_ZSTD,
};

struct inflate {
    char *name;
    int fd;
    bool owns_fd;
    enum compression kind;

    uint8_t *block; /* compressed bytes of the file; block[pos..len) are unused */
    size_t pos;
    size_t len;
    uint64_t base; /* offset of block[0] in the file */
    bool at_end;   /* the file ends at block[len] */

    z_stream gzip;
    bool gzip_open;
    ZSTD_DStream *zstd;
    size_t zstd_wants;                    /* input bytes that libzstd asks for next */
    bool zstd_holds;                      /* libzstd may hold output of earlier input */
    bool in_member;                       /* inside a gzip member or zstd frame */
    uint64_t n_returned;                  /* decompressed bytes so far */
    struct inflate_mark marks[MARKS_MAX]; /* starts of members, ascending; at least one */
    size_t n_marks;
    bool failed; /* every further read fails with `failure` */
    struct error failure;
};

static int open_input(struct inflate *in, const char *path, struct error *err)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    struct stat st;

    in->name = strdup(is_stdin ? "standard input" : path);
    in->block = malloc(BLOCK_BYTES);
    if (!in->name || !in->block)
        return error_nomem(err);
    if (is_stdin) {
        in->fd = STDIN_FILENO;
    } else {
        in->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (in->fd < 0)
            return error_errno(err, errno, path);
        in->owns_fd = true;
    }
    if (fstat(in->fd, &st) < 0)
        return error_errno(err, errno, in->name);
    if (S_ISDIR(st.st_mode))
        return error_set(err, ERR_USAGE, "%s: is a directory: name a file", in->name);
    if (S_ISREG(st.st_mode))
        posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

int inflate_open(const char *path, struct inflate **out, struct error *err)
{
    struct inflate *in = calloc(1, sizeof *in);

    if (!in)
        return error_nomem(err);
    in->n_marks = 1; /* the start of the file */
    if (open_input(in, path, err) < 0) {
        inflate_close(in);
        return -1;
    }
    *out = in;
    return 0;
}

void inflate_close(struct inflate *in)
{
    if (!in)
        return;
    if (in->gzip_open)
        inflateEnd(&in->gzip);
    ZSTD_freeDStream(in->zstd);
    if (in->owns_fd)
        close(in->fd);
    free(in->block);
    free(in->name);
    free(in);
}

int inflate_fd(const struct inflate *in)
{
    return in->fd;
}

uint64_t inflate_position(const struct inflate *in)
{
    return in->base + in->pos;
}

static ssize_t read_input(struct inflate *in, void *out, size_t n, struct error *err)
{
    for (;;) {
        const ssize_t got = read(in->fd, out, n);

        if (got >= 0)
            return got;
        if (errno != EINTR)
            return error_errno(err, errno, in->name);
    }
}

/* Read until the block has at least `want` unused bytes, or fewer at the end of the file. */
static int fill_block(struct inflate *in, size_t want, struct error *err)
{
    const size_t unused = in->len - in->pos;

    if (unused >= want || in->at_end)
        return 0;
    memmove(in->block, in->block + in->pos, unused);
    in->base += in->pos;
    in->pos = 0;
    in->len = unused;
    while (in->len < want && !in->at_end) {
        const ssize_t got = read_input(in, in->block + in->len, BLOCK_BYTES - in->len, err);

        if (got < 0)
            return -1;
        in->len += (size_t)got;
        in->at_end = got == 0;
    }
    return 0;
}

static int detect_compression(struct inflate *in, struct error *err)
{
    static const uint8_t gzip[] = { 0x1f, 0x8b };
    static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
    static const uint8_t skippable[] = { 0x2a, 0x4d, 0x18 }; /* after a byte 0x50 to 0x5f */

    if (fill_block(in, MAGIC_BYTES, err) < 0)
        return -1;
    const uint8_t *p = in->block + in->pos;
    const size_t n = in->len - in->pos;

    in->kind = KIND_PLAIN;
    if (n >= sizeof gzip && memcmp(p, gzip, sizeof gzip) == 0)
        in->kind = KIND_GZIP;
    else if (n >= MAGIC_BYTES &&
             (memcmp(p, zstd, sizeof zstd) == 0 ||
              ((p[0] & 0xf0) == 0x50 && memcmp(p + 1, skippable, sizeof skippable) == 0)))
        in->kind = KIND_ZSTD;

    if (in->kind == KIND_GZIP) {
        if (inflateInit2(&in->gzip, GZIP_ONLY) != Z_OK)
            return error_nomem(err);
        in->gzip_open = true;
        in->in_member = true;
    }
    if (in->kind == KIND_ZSTD) {
        in->zstd_wants = ZSTD_HEADER_START;
        in->zstd = ZSTD_createDStream(); /* rejects windows above 128 MiB */
        if (!in->zstd)
            return error_nomem(err);
    }
    return 0;
}

static ssize_t read_plain(struct inflate *in, void *out, size_t n, struct error *err)
{
    const size_t held = in->len - in->pos;

    if (held > 0 || in->at_end) {
        const size_t n_copied = n < held ? n : held;

        if (n_copied > 0)
            memcpy(out, in->block + in->pos, n_copied);
        in->pos += n_copied;
        return (ssize_t)n_copied;
    }
    const ssize_t got = read_input(in, out, n, err); /* directly, not through the block */
    if (got > 0)
        in->base += (uint64_t)got;
    return got;
}

static int raise_truncated(const struct inflate *in, const char *what, struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "%s: the %s data is truncated at byte %" PRIu64
                     ": download or copy the file again",
                     in->name, what, inflate_position(in));
}

static int raise_corrupt(const struct inflate *in, const char *what, const char *why,
                         struct error *err)
{
    return error_set(err, ERR_INPUT, "%s: the %s data is corrupt at byte %" PRIu64 ": %s",
                     in->name, what, inflate_position(in), why);
}

/* Add a mark at the start of a member. If there is no room, drop every other mark: an earlier
 * mark reaches the same byte, only more slowly. */
static void add_mark(struct inflate *in, uint64_t stream_offset)
{
    if (in->n_marks == MARKS_MAX) {
        in->n_marks = MARKS_MAX / 2;
        for (size_t i = 0; i < in->n_marks; i++)
            in->marks[i] = in->marks[2 * i];
    }
    in->marks[in->n_marks++] = (struct inflate_mark){ inflate_position(in), stream_offset };
}

/* Find the next gzip member. Skips zeros, which tapes and block devices leave after the last
 * one.
 */
static int find_gzip_member(struct inflate *in, struct error *err)
{
    do {
        while (in->pos < in->len && in->block[in->pos] == 0)
            in->pos++;
        if (in->pos < in->len) {
            in->in_member = true;
            add_mark(in, in->n_returned);
            inflateReset(&in->gzip);
            return 0;
        }
        if (fill_block(in, 1, err) < 0)
            return -1;
    } while (in->pos < in->len);
    return 0;
}

/* Decompress some input. Returns the number of bytes written to out, or -1. 0 means that more
 * steps are needed or, if *end is set, that the file ends. */
static ssize_t step_gzip(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    const uInt room = n < BLOCK_BYTES ? (uInt)n : BLOCK_BYTES;

    if (!in->in_member && find_gzip_member(in, err) < 0)
        return -1;
    if (!in->in_member) {
        *end = true;
        return 0;
    }
    if (fill_block(in, 1, err) < 0)
        return -1;
    const size_t held = in->len - in->pos;
    in->gzip.next_in = in->block + in->pos;
    in->gzip.avail_in = held < BLOCK_BYTES ? (uInt)held : BLOCK_BYTES;
    in->gzip.next_out = out;
    in->gzip.avail_out = room;
    const int rc = inflate(&in->gzip, Z_NO_FLUSH);
    in->pos = (size_t)(in->gzip.next_in - in->block);
    const ssize_t got = (ssize_t)(room - in->gzip.avail_out);

    if (rc == Z_STREAM_END)
        in->in_member = false;
    else if (rc == Z_MEM_ERROR)
        return error_nomem(err);
    else if (got == 0 && rc == Z_BUF_ERROR && held == 0)
        return raise_truncated(in, "gzip", err);
    else if (got == 0 && rc != Z_OK && rc != Z_BUF_ERROR)
        return raise_corrupt(in, "gzip", in->gzip.msg ? in->gzip.msg : "not gzip data", err);
    return got;
}

static ssize_t step_zstd(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    if (fill_block(in, 1, err) < 0)
        return -1;
    if (in->pos == in->len && !in->in_member) {
        *end = true;
        return 0;
    }
    const bool has_no_input = in->pos == in->len;
    /* libzstd discards the output of a call if any input of that call is corrupt. So pass at
     * most one block, without the header of the next block, which libzstd asks for as well, and
     * no input while libzstd holds output. */
    const size_t head = in->zstd_wants > ZSTD_BLOCK_HEADER ? ZSTD_BLOCK_HEADER : 0;
    const size_t wants = in->zstd_holds ? 0 : in->zstd_wants - head;
    const size_t left = in->len - in->pos;
    const size_t len = in->pos + (wants < left ? wants : left);
    ZSTD_inBuffer from = { in->block, len, in->pos };
    ZSTD_outBuffer to = { out, n, 0 };
    const size_t rc = ZSTD_decompressStream(in->zstd, &to, &from);

    in->pos = from.pos;
    if (ZSTD_isError(rc)) {
        if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
            error_nomem(&in->failure);
        else
            raise_corrupt(in, "zstd", ZSTD_getErrorName(rc), &in->failure);
        in->failed = true;
        return (ssize_t)to.pos;
    }
    in->in_member = rc != 0;
    in->zstd_holds = rc != 0 && to.pos == n;
    in->zstd_wants = rc != 0 ? rc : ZSTD_HEADER_START;
    if (rc == 0)
        add_mark(in, in->n_returned + to.pos);
    if (has_no_input && to.pos == 0)
        return raise_truncated(in, "zstd", err);
    return (ssize_t)to.pos;
}

static ssize_t read_decompressed(struct inflate *in, void *out, size_t n, struct error *err)
{
    bool end = false;
    ssize_t got = 0;

    if (in->kind == KIND_UNKNOWN && detect_compression(in, err) < 0)
        return -1;
    if (in->kind == KIND_PLAIN)
        return read_plain(in, out, n, err);
    while (got == 0 && !end && !in->failed)
        got = in->kind == KIND_GZIP ? step_gzip(in, out, n, &end, err)
                                    : step_zstd(in, out, n, &end, err);
    return got;
}

ssize_t inflate_read(struct inflate *in, void *out, size_t n, struct error *err)
{
    if (n == 0)
        return 0;
    const ssize_t got = in->failed ? 0 : read_decompressed(in, out, n, err);
    if (got == 0 && in->failed) {
        *err = in->failure;
        return -1;
    }
    if (got < 0) {
        in->failed = true;
        in->failure = *err;
    } else {
        in->n_returned += (uint64_t)got;
    }
    return got;
}

struct inflate_mark inflate_mark(struct inflate *in, uint64_t stream_offset)
{
    size_t n = 0;

    if (in->kind == KIND_PLAIN)
        return (struct inflate_mark){ stream_offset, stream_offset };
    while (n + 1 < in->n_marks && in->marks[n + 1].stream_offset <= stream_offset)
        n++;
    memmove(in->marks, in->marks + n, (in->n_marks - n) * sizeof in->marks[0]);
    in->n_marks -= n;
    return in->marks[0];
}

/* Continue reading at this offset of the file. */
static int seek_input(struct inflate *in, uint64_t file_offset, struct error *err)
{
    if (lseek(in->fd, (off_t)file_offset, SEEK_SET) < 0) {
        if (errno == ESPIPE)
            return error_set(err, ERR_UNSUPPORTED, "%s: cannot resume: it is a pipe", in->name);
        return error_errno(err, errno, in->name);
    }
    in->base = file_offset;
    in->pos = in->len = 0;
    in->at_end = false;
    return 0;
}

/* Decompress n bytes and discard them. */
static int skip_decompressed(struct inflate *in, uint64_t n, struct error *err)
{
    uint8_t *bytes = n > 0 ? malloc(BLOCK_BYTES) : NULL;
    ssize_t got = 1;

    if (n > 0 && !bytes)
        return error_nomem(err);
    while (n > 0 && got > 0) {
        got = inflate_read(in, bytes, n < BLOCK_BYTES ? (size_t)n : BLOCK_BYTES, err);
        n -= got > 0 ? (uint64_t)got : 0;
    }
    free(bytes);
    if (got == 0)
        return error_set(err, ERR_INPUT,
                         "%s: cannot resume: it ends before the stored position", in->name);
    return got < 0 ? -1 : 0;
}

int inflate_resume(struct inflate *in, const struct inflate_mark *mark, uint64_t stream_offset,
                   struct error *err)
{
    if (in->kind == KIND_UNKNOWN && detect_compression(in, err) < 0)
        return -1;
    const bool plain = in->kind == KIND_PLAIN;
    const struct inflate_mark from =
        plain ? (struct inflate_mark){ stream_offset, stream_offset } : *mark;
    if (from.stream_offset > stream_offset)
        return error_set(err, ERR_INPUT, "%s: cannot resume: the stored position is invalid",
                         in->name);
    if (seek_input(in, from.file_offset, err) < 0)
        return -1;
    if (in->kind == KIND_GZIP)
        inflateReset(&in->gzip);
    else if (in->kind == KIND_ZSTD)
        ZSTD_DCtx_reset(in->zstd, ZSTD_reset_session_only);
    in->in_member = in->kind == KIND_GZIP;
    in->failed = false;
    in->n_returned = from.stream_offset;
    in->marks[0] = from;
    in->n_marks = 1;
    return skip_decompressed(in, stream_offset - from.stream_offset, err);
}
