/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum { POLL_MS = 50, WRITER_BYTES = 300, COMMAND_BYTES = 101 };

static const char ours[] = "process "; /* the text of a lock file begins so */

struct lock {
    int fd;
    bool may_write; /* the file is empty, or ours */
    char command[COMMAND_BYTES];
};

/* Describe this process in the lock file, for messages. Ignore a failure, such as a full disk:
 * flock() holds the lock, not the text. */
static void describe_writer(const struct lock *lock, int64_t run_id)
{
    char host[65] = "";
    char since[32] = "";
    char run[32] = "";
    char line[WRITER_BYTES];
    struct tm utc;
    const time_t now = (time_t)(clock_unix_ms() / 1000);

    if (gethostname(host, sizeof host - 1) < 0)
        snprintf(host, sizeof host, "this machine");
    if (gmtime_r(&now, &utc))
        strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &utc);
    if (run_id > 0)
        snprintf(run, sizeof run, ", run %lld", (long long)run_id);
    const int n = snprintf(line, sizeof line, "%s%ld on %s since %s: %s%s\n", ours,
                           (long)getpid(), host, since, lock->command, run);
    if (n < 0 || !lock->may_write || ftruncate(lock->fd, 0) < 0 ||
        pwrite(lock->fd, line, strlen(line), 0) < 0)
        return;
}

/* Read the first line of the lock file. Replaces what is not printable ASCII. */
static void read_writer(int fd, char *line, size_t size)
{
    const ssize_t n = pread(fd, line, size - 1, 0);

    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, ours, sizeof ours - 1) != 0)
        line[0] = '\0';
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?';
    if (line[0] == '\0')
        snprintf(line, size, "an unknown process");
}

static int raise_busy(const char *path, int fd, int64_t waited_ms, struct error *err)
{
    char writer[WRITER_BYTES];

    read_writer(fd, writer, sizeof writer);
    if (waited_ms > 0)
        return error_set(err, ERR_BUSY, "%s: still locked after %.1f s by %s: try again later",
                         path, (double)waited_ms / 1000, writer);
    return error_set(err, ERR_BUSY, "%s: locked by %s: try again later, or use --lock wait",
                     path, writer);
}

/* Returns 1, 0 if another process holds the lock, or -1. */
static int try_lock(int fd, const char *path, struct error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return 0;
        if (errno != EINTR)
            return error_errno(err, errno, path);
    }
    return 1;
}

/* Returns 1, 0 on timeout, or -1. Polls: a blocking flock() has no timeout, and would miss a
 * signal that arrives just before it. */
static int wait_for_lock(int fd, const char *path, const struct lock_wait *how,
                         struct error *err)
{
    const int64_t start_ns = clock_mono_ns();
    const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

    for (;;) {
        const int rc = try_lock(fd, path, err);

        if (rc != 0)
            return rc;
        if (how->stop_signal && *how->stop_signal != 0)
            return error_set_sys(err, ERR_CANCELLED, *how->stop_signal,
                                 "%s: stopped while waiting for another process", path);
        if (how->timeout_ms > 0 && (clock_mono_ns() - start_ns) / 1000000 >= how->timeout_ms)
            return 0;
        nanosleep(&pause, NULL);
    }
}

/* Open the lock file. A link could name any file of the user; a pipe would block. */
static int open_lock(struct lock *lock, const char *path, struct error *err)
{
    struct stat st;

    lock->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (lock->fd < 0 && errno == ELOOP)
        return error_set(err, ERR_CANTCREATE, "%s: is a symbolic link: remove it", path);
    if (lock->fd < 0 || fstat(lock->fd, &st) < 0)
        return error_errno(err, errno, path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: not a regular file: remove it", path);
    return 0;
}

/* Find out, under the lock, whether we may write the text. A hard link may be another file.
 */
static bool is_our_file(int fd)
{
    char start[sizeof ours - 1];
    struct stat st;

    if (fstat(fd, &st) < 0 || st.st_nlink > 1)
        return false;
    const ssize_t n = pread(fd, start, sizeof start, 0);
    return n == 0 || (n == sizeof start && memcmp(start, ours, sizeof start) == 0);
}

int lock_acquire(const char *path, const struct lock_wait *how, const char *command,
                 struct lock **out, struct error *err)
{
    const bool wait = how->policy == LOCK_WAIT;
    struct lock *lock = calloc(1, sizeof *lock);
    int rc = -1;

    if (!lock)
        return error_nomem(err);
    snprintf(lock->command, sizeof lock->command, "%s", command);
    if (open_lock(lock, path, err) < 0)
        goto done;
    const int locked =
        wait ? wait_for_lock(lock->fd, path, how, err) : try_lock(lock->fd, path, err);
    if (locked < 0)
        goto done;
    if (locked == 0 && how->policy != LOCK_SKIP) {
        raise_busy(path, lock->fd, wait ? how->timeout_ms : 0, err);
        goto done;
    }
    rc = 0;
    *out = NULL;
    if (locked == 1) {
        lock->may_write = is_our_file(lock->fd);
        describe_writer(lock, 0);
        *out = lock;
        lock = NULL; /* the caller owns it */
    }
done:
    lock_release(lock);
    return rc;
}

int lock_is_held(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int held = 0;

    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        held = errno == EWOULDBLOCK ? 1 : -1;
    close(fd); /* gives the lock back */
    return held;
}

void lock_set_run(struct lock *lock, int64_t run_id)
{
    describe_writer(lock, run_id);
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    /* Keep the file: if it were unlinked, two processes could lock two files of the same name.
     */
    if (lock->fd >= 0)
        close(lock->fd);
    free(lock);
}
