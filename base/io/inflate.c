/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/inflate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io/inflate_private.h"
#include "base/memory.h"

enum { BLOCK_BYTES = INFLATE_BLOCK_BYTES, MAGIC_BYTES = 10 };

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

int inflate_open_source(const struct inflate_source *source, const char *name,
                        struct inflate **out, struct error *err)
{
    struct inflate *in = calloc(1, sizeof *in);

    if (!in)
        return error_nomem(err);
    in->n_marks = 1;
    in->fd = -1;
    in->source = *source;
    in->name = strdup(name);
    in->block = malloc(BLOCK_BYTES);
    if (!in->name || !in->block) {
        inflate_close(in);
        return error_nomem(err);
    }
    *out = in;
    return 0;
}

void inflate_close(struct inflate *in)
{
    if (!in)
        return;
    if (in->codec)
        in->codec->close(in->state);
    if (in->owns_fd)
        close(in->fd);
    free(in->block);
    free(in->name);
    free(in);
}

void inflate_limit_memory(struct inflate *in, uint64_t max_bytes)
{
    in->max_memory = max_bytes;
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
    if (in->fd < 0)
        return in->source.read(in->source.arg, out, n, err);
    for (;;) {
        const ssize_t got = read(in->fd, out, n);

        if (got >= 0)
            return got;
        if (errno != EINTR)
            return error_errno(err, errno, in->name);
    }
}

int inflate_fill(struct inflate *in, size_t want, struct error *err)
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

/* The longest mark decides: only bzip2 needs all of these bytes. */
static int detect_compression(struct inflate *in, struct error *err)
{
    static const struct inflate_codec *const codecs[] = { &inflate_gzip, &inflate_zstd,
                                                          &inflate_xz, &inflate_bzip2 };

    if (inflate_fill(in, MAGIC_BYTES, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        if (!codecs[i]->matches(in->block + in->pos, in->len - in->pos))
            continue;
        if (codecs[i]->open(&in->state, err) < 0)
            return -1;
        in->codec = codecs[i];
        in->in_member = in->codec->starts_in_member;
    }
    in->detected = true;
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

int inflate_raise_truncated(const struct inflate *in, struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "%s: the %s data is truncated at byte %" PRIu64
                     ": download or copy the file again",
                     in->name, in->codec->name, inflate_position(in));
}

int inflate_raise_corrupt(const struct inflate *in, const char *why, struct error *err)
{
    return error_set(err, ERR_INPUT, "%s: the %s data is corrupt at byte %" PRIu64 ": %s",
                     in->name, in->codec->name, inflate_position(in), why);
}

int inflate_check_window(const struct inflate *in, uint64_t window_bytes, const char *command,
                         struct error *err)
{
    enum { MIB = 1 << 20 };
    const uint64_t window_mib = (window_bytes + MIB - 1) / MIB;
    const char *file = in->owns_fd ? in->name : "FILE";

    if (window_bytes <= INFLATE_WINDOW_BYTES)
        return 0;
    if (in->max_memory > 0)
        return window_bytes <= in->max_memory / 4
                   ? 0
                   : error_set(err, ERR_INPUT,
                               "%s: the %s data needs a window of %" PRIu64
                               " MiB, more than a quarter of the memory limit: use "
                               "--max-memory %" PRIu64 "M, or decompress it outside: "
                               "%s < %s | curate COMMAND -",
                               in->name, in->codec->name, window_mib, 4 * window_mib, command,
                               file);
    const uint64_t available = memory_available("");
    if (window_bytes <= available / 2)
        return 0;
    return error_set(
        err, ERR_INPUT,
        "%s: the %s data needs a window of %" PRIu64 " MiB, more than half of the %" PRIu64
        " MiB of memory that are available: free memory, or decompress it outside: "
        "%s < %s | curate COMMAND -",
        in->name, in->codec->name, window_mib, available / MIB, command, file);
}

/* If there is no room, drop every other mark: an earlier mark reaches the same byte, only more
 * slowly. */
void inflate_add_mark(struct inflate *in, uint64_t stream_offset)
{
    if (in->n_marks == INFLATE_MARKS_MAX) {
        in->n_marks = INFLATE_MARKS_MAX / 2;
        for (size_t i = 0; i < in->n_marks; i++)
            in->marks[i] = in->marks[2 * i];
    }
    in->marks[in->n_marks++] = (struct inflate_mark){ inflate_position(in), stream_offset };
}

int inflate_find_member(struct inflate *in, struct error *err)
{
    do {
        while (in->pos < in->len && in->block[in->pos] == 0)
            in->pos++;
        if (in->pos < in->len) {
            in->in_member = true;
            inflate_add_mark(in, in->n_returned);
            return in->codec->reset(in->state, err) < 0 ? -1 : 1;
        }
        if (inflate_fill(in, 1, err) < 0)
            return -1;
    } while (in->pos < in->len);
    return 0;
}

static ssize_t read_decompressed(struct inflate *in, void *out, size_t n, struct error *err)
{
    bool end = false;
    ssize_t got = 0;

    if (!in->detected && detect_compression(in, err) < 0)
        return -1;
    if (!in->codec)
        return read_plain(in, out, n, err);
    while (got == 0 && !end && !in->failed)
        got = in->codec->step(in, out, n, &end, err);
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

    if (!in->codec)
        return (struct inflate_mark){ stream_offset, stream_offset };
    while (n + 1 < in->n_marks && in->marks[n + 1].stream_offset <= stream_offset)
        n++;
    memmove(in->marks, in->marks + n, (in->n_marks - n) * sizeof in->marks[0]);
    in->n_marks -= n;
    return in->marks[0];
}

/* Go to this offset of a source: back within the block, or on by reading. */
static int skip_source(struct inflate *in, uint64_t file_offset, struct error *err)
{
    if (file_offset < in->base)
        return error_set(err, ERR_UNSUPPORTED, "%s: cannot resume: it is read once", in->name);
    if (file_offset <= in->base + in->len) {
        in->pos = (size_t)(file_offset - in->base);
        return 0;
    }
    while (inflate_position(in) < file_offset) {
        const uint64_t left = file_offset - inflate_position(in);

        if (inflate_fill(in, 1, err) < 0)
            return -1;
        const size_t held = in->len - in->pos;
        if (held == 0)
            return error_set(err, ERR_INPUT,
                             "%s: cannot resume: it ends before the stored position", in->name);
        in->pos += left < held ? (size_t)left : held;
    }
    return 0;
}

/* Continue reading at this offset of the file. */
static int seek_input(struct inflate *in, uint64_t file_offset, struct error *err)
{
    if (in->fd < 0)
        return skip_source(in, file_offset, err);
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
    if (!in->detected && detect_compression(in, err) < 0)
        return -1;
    const bool plain = !in->codec;
    const struct inflate_mark from =
        plain ? (struct inflate_mark){ stream_offset, stream_offset } : *mark;
    if (from.stream_offset > stream_offset)
        return error_set(err, ERR_INPUT, "%s: cannot resume: the stored position is invalid",
                         in->name);
    if (seek_input(in, from.file_offset, err) < 0)
        return -1;
    if (in->codec && in->codec->reset(in->state, err) < 0)
        return -1;
    in->in_member = in->codec && in->codec->starts_in_member;
    in->failed = false;
    in->n_returned = from.stream_offset;
    in->marks[0] = from;
    in->n_marks = 1;
    return skip_decompressed(in, stream_offset - from.stream_offset, err);
}
