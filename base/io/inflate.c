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
    ZSTD_STARTS_WITH = 5, /* as much of a frame's header as says how long the header is */
    MARKS_MAX = 512,
    GZIP_ONLY = 15 + 16, /* the largest window, with a gzip header around it */
};

enum kind {
    KIND_UNKNOWN, /* until the first read: looking at standard input would wait for it */
    KIND_PLAIN,
    KIND_GZIP,
    KIND_ZSTD,
};

struct inflate {
    char *name;
    int fd; /* -1 when all bytes are in memory */
    bool owns_fd;
    enum kind kind;
    uint64_t size;

    uint8_t *block;       /* ours; NULL when the bytes are borrowed */
    const uint8_t *bytes; /* compressed bytes in hand: */
    size_t pos;           /* these are used up, */
    size_t len;           /* of so many */
    uint64_t base;        /* offset of bytes[0] in the file */
    bool at_end;          /* nothing follows bytes[len] */

    z_stream gzip;
    bool gzip_open;
    ZSTD_DStream *zstd;
    size_t zstd_wants;                    /* bytes it asks for next */
    bool zstd_holds;                      /* there may be more to come of what it was given */
    bool in_member;                       /* within a gzip member or zstd frame */
    uint64_t n_given;                     /* decompressed bytes so far */
    struct inflate_mark marks[MARKS_MAX]; /* of members, in order; the first holds always */
    size_t n_marks;
    bool failed; /* failure is what every further read says */
    struct error failure;
};

static int new_inflate(const char *name, struct inflate **out, struct error *err)
{
    struct inflate *in = calloc(1, sizeof *in);

    if (!in)
        return error_nomem(err);
    in->fd = -1;
    in->n_marks = 1; /* the beginning of the file */
    in->name = strdup(name);
    if (!in->name) {
        inflate_close(in);
        return error_nomem(err);
    }
    *out = in;
    return 0;
}

static int open_fd(struct inflate *in, const char *path, struct error *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
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
        return error_set(err, ERR_USAGE, "%s: is a directory, not a file", in->name);
    if (S_ISREG(st.st_mode)) {
        in->size = (uint64_t)st.st_size;
        posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    in->block = malloc(BLOCK_BYTES);
    in->bytes = in->block;
    return in->block ? 0 : error_nomem(err);
}

int inflate_open(const char *path, struct inflate **out, struct error *err)
{
    struct inflate *in = NULL;

    if (new_inflate(strcmp(path, "-") == 0 ? "standard input" : path, &in, err) < 0)
        return -1;
    if (open_fd(in, path, err) < 0) {
        inflate_close(in);
        return -1;
    }
    *out = in;
    return 0;
}

int inflate_open_bytes(const void *bytes, size_t n, struct inflate **out, struct error *err)
{
    struct inflate *in = NULL;

    if (new_inflate("bytes in memory", &in, err) < 0)
        return -1;
    in->bytes = bytes;
    in->len = n;
    in->size = n;
    in->at_end = true;
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

uint64_t inflate_size(const struct inflate *in)
{
    return in->size;
}

static ssize_t read_fd(struct inflate *in, void *out, size_t n, struct error *err)
{
    for (;;) {
        const ssize_t got = read(in->fd, out, n);

        if (got >= 0)
            return got;
        if (errno != EINTR)
            return error_errno(err, errno, in->name);
    }
}

/* Have at least `want` unused bytes in hand, fewer only at the end of the file. */
static int fill(struct inflate *in, size_t want, struct error *err)
{
    const size_t unused = in->len - in->pos;

    if (unused >= want || in->at_end)
        return 0;
    memmove(in->block, in->block + in->pos, unused);
    in->base += in->pos;
    in->pos = 0;
    in->len = unused;
    while (in->len < want && !in->at_end) {
        const ssize_t got = read_fd(in, in->block + in->len, BLOCK_BYTES - in->len, err);

        if (got < 0)
            return -1;
        in->len += (size_t)got;
        in->at_end = got == 0;
    }
    return 0;
}

static int find_kind(struct inflate *in, struct error *err)
{
    static const uint8_t gzip[] = { 0x1f, 0x8b };
    static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
    static const uint8_t skippable[] = { 0x2a, 0x4d, 0x18 }; /* behind 0x50 to 0x5f */

    if (fill(in, MAGIC_BYTES, err) < 0)
        return -1;
    const uint8_t *p = in->bytes + in->pos;
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
        in->zstd_wants = ZSTD_STARTS_WITH;
        in->zstd = ZSTD_createDStream(); /* refuses windows above 128 MiB by itself */
        if (!in->zstd)
            return error_nomem(err);
    }
    return 0;
}

static ssize_t read_plain(struct inflate *in, void *out, size_t n, struct error *err)
{
    const size_t held = in->len - in->pos;

    if (held > 0 || in->at_end) {
        const size_t take = n < held ? n : held;

        if (take > 0)
            memcpy(out, in->bytes + in->pos, take);
        in->pos += take;
        return (ssize_t)take;
    }
    const ssize_t got = read_fd(in, out, n, err); /* no detour through our block */
    if (got > 0)
        in->base += (uint64_t)got;
    return got;
}

static int raise_cut(const struct inflate *in, const char *what, struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "%s: the %s data ends too early, after %" PRIu64
                     " bytes; fetch or copy the file again",
                     in->name, what, inflate_position(in));
}

static int raise_corrupt(const struct inflate *in, const char *what, const char *why,
                         struct error *err)
{
    return error_set(err, ERR_INPUT, "%s: the %s data is broken at byte %" PRIu64 ": %s",
                     in->name, what, inflate_position(in), why);
}

/* A member begins here. When there is no room, every other mark is given up: from an earlier
 * one the same byte is reached, only later. */
static void add_mark(struct inflate *in, uint64_t before)
{
    if (in->n_marks == MARKS_MAX) {
        in->n_marks = MARKS_MAX / 2;
        for (size_t i = 0; i < in->n_marks; i++)
            in->marks[i] = in->marks[2 * i];
    }
    in->marks[in->n_marks++] = (struct inflate_mark){ inflate_position(in), before };
}

/* Between members: tapes and block devices leave zeros behind the last one. */
static int next_member(struct inflate *in, struct error *err)
{
    do {
        while (in->pos < in->len && in->bytes[in->pos] == 0)
            in->pos++;
        if (in->pos < in->len) {
            in->in_member = true;
            add_mark(in, in->n_given);
            inflateReset(&in->gzip);
            return 0;
        }
        if (fill(in, 1, err) < 0)
            return -1;
    } while (in->pos < in->len);
    return 0;
}

/* One step: bytes into out[0..n), 0 at the end of the file. More than one step may be needed
 * until a byte comes out; *end tells the end from that. */
static ssize_t step_gzip(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    const uInt room = n < BLOCK_BYTES ? (uInt)n : BLOCK_BYTES;

    if (!in->in_member && next_member(in, err) < 0)
        return -1;
    if (!in->in_member) {
        *end = true;
        return 0;
    }
    if (fill(in, 1, err) < 0)
        return -1;
    const size_t held = in->len - in->pos;
    in->gzip.next_in = (uint8_t *)in->bytes + in->pos;
    in->gzip.avail_in = held < BLOCK_BYTES ? (uInt)held : BLOCK_BYTES;
    in->gzip.next_out = out;
    in->gzip.avail_out = room;
    const int rc = inflate(&in->gzip, Z_NO_FLUSH);
    in->pos = (size_t)(in->gzip.next_in - in->bytes);
    const ssize_t got = (ssize_t)(room - in->gzip.avail_out);

    if (rc == Z_STREAM_END)
        in->in_member = false;
    else if (rc == Z_MEM_ERROR)
        return error_nomem(err);
    else if (got == 0 && rc == Z_BUF_ERROR && held == 0)
        return raise_cut(in, "gzip", err);
    else if (got == 0 && rc != Z_OK && rc != Z_BUF_ERROR)
        return raise_corrupt(in, "gzip", in->gzip.msg ? in->gzip.msg : "not gzip data", err);
    return got;
}

static ssize_t step_zstd(struct inflate *in, void *out, size_t n, bool *end, struct error *err)
{
    if (fill(in, 1, err) < 0)
        return -1;
    if (in->pos == in->len && !in->in_member) {
        *end = true;
        return 0;
    }
    const bool dry = in->pos == in->len;
    /* libzstd forgets what a call made when something in the same call is broken. So it gets a
     * block and no more, without the header of the next, which it asks for along with it, and
     * nothing while it has bytes to hand out. */
    const size_t head = in->zstd_wants > ZSTD_BLOCK_HEADER ? ZSTD_BLOCK_HEADER : 0;
    const size_t wants = in->zstd_holds ? 0 : in->zstd_wants - head;
    const size_t left = in->len - in->pos;
    const size_t len = in->pos + (wants < left ? wants : left);
    ZSTD_inBuffer from = { in->bytes, len, in->pos };
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
    in->zstd_wants = rc != 0 ? rc : ZSTD_STARTS_WITH;
    if (rc == 0)
        add_mark(in, in->n_given + to.pos);
    if (dry && to.pos == 0)
        return raise_cut(in, "zstd", err);
    return (ssize_t)to.pos;
}

static ssize_t read_some(struct inflate *in, void *out, size_t n, struct error *err)
{
    bool end = false;
    ssize_t got = 0;

    if (in->kind == KIND_UNKNOWN && find_kind(in, err) < 0)
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
    const ssize_t got = in->failed ? 0 : read_some(in, out, n, err);
    if (got == 0 && in->failed) {
        *err = in->failure;
        return -1;
    }
    if (got < 0) {
        in->failed = true;
        in->failure = *err;
    } else {
        in->n_given += (uint64_t)got;
    }
    return got;
}

struct inflate_mark inflate_mark(struct inflate *in, uint64_t stream_offset)
{
    size_t n = 0;

    if (in->kind == KIND_PLAIN)
        return (struct inflate_mark){ stream_offset, stream_offset };
    while (n + 1 < in->n_marks && in->marks[n + 1].before <= stream_offset)
        n++;
    memmove(in->marks, in->marks + n, (in->n_marks - n) * sizeof in->marks[0]);
    in->n_marks -= n;
    return in->marks[0];
}

/* Let the byte at this offset of the file be the next one taken. */
static int seek(struct inflate *in, uint64_t at, struct error *err)
{
    if (in->fd < 0) {
        in->pos = at < in->len ? (size_t)at : in->len;
        return 0;
    }
    if (lseek(in->fd, (off_t)at, SEEK_SET) < 0) {
        if (errno == ESPIPE)
            return error_set(err, ERR_UNSUPPORTED, "%s: a pipe cannot be taken up again",
                             in->name);
        return error_errno(err, errno, in->name);
    }
    in->base = at;
    in->pos = in->len = 0;
    in->at_end = false;
    return 0;
}

/* Decompress n bytes and drop them. */
static int drop(struct inflate *in, uint64_t n, struct error *err)
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
        return error_set(err, ERR_INPUT, "%s: ends before the place to go on from", in->name);
    return got < 0 ? -1 : 0;
}

int inflate_resume(struct inflate *in, const struct inflate_mark *mark, uint64_t stream_offset,
                   struct error *err)
{
    /* What the file is, its first bytes tell. */
    if (in->kind == KIND_UNKNOWN && find_kind(in, err) < 0)
        return -1;
    const bool plain = in->kind == KIND_PLAIN;
    const struct inflate_mark from =
        plain ? (struct inflate_mark){ stream_offset, stream_offset } : *mark;
    if (from.before > stream_offset)
        return error_set(err, ERR_INPUT, "%s: the place to go on from makes no sense",
                         in->name);
    if (seek(in, from.at, err) < 0)
        return -1;
    if (in->kind == KIND_GZIP)
        inflateReset(&in->gzip);
    else if (in->kind == KIND_ZSTD)
        ZSTD_DCtx_reset(in->zstd, ZSTD_reset_session_only);
    in->in_member = in->kind == KIND_GZIP;
    in->failed = false;
    in->n_given = from.before;
    in->marks[0] = from;
    in->n_marks = 1;
    return drop(in, stream_offset - from.before, err);
}
