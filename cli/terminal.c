/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/escape.h"

enum { VISIBLE_MAX_BYTES = 1 << 30 };

struct guarded {
    int fd;
    char held[3]; /* first bytes of a character whose other bytes are not written yet */
    size_t n_held;
};

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

/* The write function of fopencookie(3): returns the bytes written, 0 for a failure. */
static ssize_t write_guarded(void *cookie, const char *bytes, size_t n)
{
    struct guarded *guarded = cookie;
    struct buf in, out;
    struct error ignored;
    bool done = false;

    buf_init(&in, VISIBLE_MAX_BYTES);
    buf_init(&out, VISIBLE_MAX_BYTES);
    if (buf_add(&in, guarded->held, guarded->n_held, &ignored) == 0 &&
        buf_add(&in, bytes, n, &ignored) == 0) {
        const size_t tail = escape_incomplete_tail(buf_slice(&in));

        if (escape_add(&out, slice_of(in.data, in.len - tail), &ignored) == 0 &&
            write_all(guarded->fd, out.data, out.len)) {
            memcpy(guarded->held, in.data + in.len - tail, tail);
            guarded->n_held = tail;
            done = true;
        }
    }
    buf_release(&in);
    buf_release(&out);
    return done ? (ssize_t)n : 0;
}

static int free_guarded(void *cookie)
{
    free(cookie);
    return 0;
}

static int guard_stream(FILE **stream, int fd, FILE **before, struct error *err)
{
    const cookie_io_functions_t functions = { .write = write_guarded, .close = free_guarded };
    struct guarded *guarded;
    FILE *safe;

    if (!isatty(fd))
        return 0;
    guarded = calloc(1, sizeof *guarded);
    if (!guarded)
        return error_nomem(err);
    guarded->fd = fd;
    safe = fopencookie(guarded, "w", functions);
    if (!safe) {
        free(guarded);
        return error_nomem(err);
    }
    setvbuf(safe, NULL, _IOLBF, BUFSIZ);
    *before = *stream;
    *stream = safe;
    return 0;
}

static void unguard_stream(FILE **stream, FILE **before)
{
    if (!*before)
        return;
    fclose(*stream);
    *stream = *before;
    *before = NULL;
}

int terminal_guard(struct terminal *terminal, struct error *err)
{
    *terminal = (struct terminal){ .out = NULL };
    if (guard_stream(&stdout, STDOUT_FILENO, &terminal->out, err) < 0)
        return -1;
    return guard_stream(&stderr, STDERR_FILENO, &terminal->err, err);
}

void terminal_release(struct terminal *terminal)
{
    unguard_stream(&stdout, &terminal->out);
    unguard_stream(&stderr, &terminal->err);
}

void terminal_clear_line(void)
{
    static const char sequence[] = "\r\033[K";

    fflush(stderr);
    (void)write_all(STDERR_FILENO, sequence, sizeof sequence - 1);
}
