/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/escape.h"

enum { BLOCK_BYTES = 64 * 1024, ESCAPED_MAX_BYTES = 2147483647 };

struct file_out {
    int fd;
    bool owns_fd;
    bool on_terminal;
    char *path; /* the final path */
    char *temp; /* the temporary file; NULL if bytes go to path itself */
    size_t n_held;
    char held[BLOCK_BYTES];
};

static int raise_cannot_create(const char *path, struct error *err)
{
    const int sys = errno;

    error_errno(err, sys, path);
    if (err->code != ERR_NOMEM)
        err->code = ERR_CANTCREATE;
    return -1;
}

/* The sticky bit means nothing on a regular file of Linux. It marks our temporary files, so
 * that what a killed process left can be told from a file of somebody else with the same name.
 */
static bool is_our_temp(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
           (st->st_uid == geteuid() || geteuid() == 0) &&
           ((st->st_mode & S_ISVTX) != 0 || st->st_size == 0);
}

/* Lock the temporary file. A file that a killed process left is removed. Returns 1, 0 if the
 * caller must create the file again, or -1. */
static int lock_temp(const struct file_out *file, bool created, struct error *err)
{
    struct stat ours, named;

    if (flock(file->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? error_set(err, ERR_BUSY, "%s: another process is writing this file",
                               file->path)
                   : error_errno(err, errno, file->temp);
    if (fstat(file->fd, &ours) < 0)
        return error_errno(err, errno, file->temp);
    if (!is_our_temp(&ours))
        return error_set(err, ERR_CANTCREATE,
                         "%s: not a temporary file of curate: move it away", file->temp);
    /* The process that held the lock may have renamed the file after we opened it. */
    if (lstat(file->temp, &named) < 0 || named.st_ino != ours.st_ino ||
        named.st_dev != ours.st_dev)
        return 0;
    if (created)
        return 1;
    return unlink(file->temp) == 0 ? 0 : raise_cannot_create(file->temp, err);
}

/* Create or open the temporary file. Use open(), which applies the umask; mkstemp() would use
 * mode 0600. Returns 1, 0 to try again, or -1. */
static int try_temp(struct file_out *file, struct error *err)
{
    const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    bool created = true;

    if (file->owns_fd)
        close(file->fd);
    file->fd = open(file->temp, flags | O_CREAT | O_EXCL, S_ISVTX | 0666);
    if (file->fd < 0 && errno == EEXIST) {
        created = false;
        file->fd = open(file->temp, flags);
    }
    file->owns_fd = file->fd >= 0;
    if (file->owns_fd)
        return lock_temp(file, created, err);
    if (!created && errno == ENOENT)
        return 0;
    return raise_cannot_create(created ? file->path : file->temp, err);
}

/* Give the temporary file owner and mode of the file that it will replace. */
static int copy_owner(const struct file_out *file, const struct stat *replaced,
                      struct error *err)
{
    struct stat st;

    if (fstat(file->fd, &st) < 0)
        return error_errno(err, errno, file->temp);
    if ((st.st_uid != replaced->st_uid || st.st_gid != replaced->st_gid) &&
        fchown(file->fd, replaced->st_uid, replaced->st_gid) < 0)
        return error_set_sys(err, ERR_CANTCREATE, errno,
                             "%s: belongs to another user or group, which the new file cannot "
                             "be given to: remove it, or name another file",
                             file->path);
    if (fchmod(file->fd, S_ISVTX | (replaced->st_mode & 0777)) < 0)
        return error_errno(err, errno, file->temp);
    return 0;
}

/* The name of the temporary file is fixed, so that the next process removes the file that a
 * killed process left. replaced: NULL if the output does not exist. */
static int open_temp(struct file_out *file, const struct stat *replaced, struct error *err)
{
    int rc = 0;

    if (asprintf(&file->temp, "%s.curate-tmp", file->path) < 0) {
        file->temp = NULL;
        return error_nomem(err);
    }
    while (rc == 0)
        rc = try_temp(file, err);
    if (rc == 1)
        return replaced ? copy_owner(file, replaced, err) : 0;
    free(file->temp); /* file_out_close() must not remove it */
    file->temp = NULL;
    return -1;
}

/* Write to a device or pipe directly: renaming a file over it would replace it. */
static int open_in_place(struct file_out *file, struct error *err)
{
    file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    if (file->fd < 0)
        return raise_cannot_create(file->path, err);
    file->owns_fd = true;
    return 0;
}

static int open_output(struct file_out *file, const char *path, struct error *err)
{
    struct stat st;

    if (file_is_stdout(path)) {
        file->fd = STDOUT_FILENO;
        file->path = strdup("standard output");
        return file->path ? 0 : error_nomem(err);
    }
    const bool exists = stat(path, &st) == 0;
    if (exists && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        file->path = strdup(path);
        return file->path ? open_in_place(file, err) : error_nomem(err);
    }
    if (exists && S_ISDIR(st.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: is a directory", path);
    /* Replace the target of a link, not the link. */
    if (file_follow(path, &file->path, err) < 0) {
        err->code = err->code == ERR_NOMEM ? ERR_NOMEM : ERR_CANTCREATE;
        return -1;
    }
    return open_temp(file, exists ? &st : NULL, err);
}

int file_out_open(const char *path, struct file_out **out, struct error *err)
{
    struct file_out *file = calloc(1, sizeof *file);

    if (!file)
        return error_nomem(err);
    file->fd = -1;
    if (open_output(file, path, err) < 0) {
        file_out_close(file);
        return -1;
    }
    file->on_terminal = isatty(file->fd);
    *out = file;
    return 0;
}

static int file_out_write(struct file_out *file, const char *bytes, size_t n, struct error *err)
{
    while (n > 0) {
        const ssize_t done = write(file->fd, bytes, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            const int sys = errno;
            error_errno(err, sys, file->path);
            err->code = ERR_IO;
            return -1;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

static int file_out_flush(struct file_out *file, struct error *err)
{
    const size_t n = file->n_held;

    file->n_held = 0;
    return file_out_write(file, file->held, n, err);
}

/* Write untrusted text to a terminal. */
static int write_escaped(struct file_out *file, struct slice bytes, struct error *err)
{
    struct buf escaped;
    int rc = -1;

    buf_init(&escaped, ESCAPED_MAX_BYTES);
    if (escape_add(&escaped, bytes, err) == 0)
        rc = file_out_write(file, escaped.data, escaped.len, err);
    buf_release(&escaped);
    return rc;
}

int file_out_add(struct file_out *file, struct slice bytes, struct error *err)
{
    if (file->on_terminal)
        return write_escaped(file, bytes, err);
    if (bytes.len > sizeof file->held - file->n_held && file_out_flush(file, err) < 0)
        return -1;
    if (bytes.len >= sizeof file->held)
        return file_out_write(file, bytes.ptr, bytes.len, err);
    if (bytes.len > 0)
        memcpy(file->held + file->n_held, bytes.ptr, bytes.len);
    file->n_held += bytes.len;
    return 0;
}

/* Without this, a power failure may lose the new name although the bytes are on disk. */
static int sync_folder(const char *path, struct error *err)
{
    char *folder = file_folder(path);
    int rc = -1;

    if (!folder)
        return error_nomem(err);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems do not support fsync() of a folder and return EINVAL. */
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
        error_errno(err, errno, folder);
    else
        rc = 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return rc;
}

/* The file has its final name: it is a temporary file no longer. */
static int drop_mark(const struct file_out *file, struct error *err)
{
    struct stat st;

    if (fstat(file->fd, &st) < 0 || fchmod(file->fd, st.st_mode & 0777) < 0)
        return error_errno(err, errno, file->path);
    return 0;
}

int file_out_commit(struct file_out *file, struct error *err)
{
    if (file_out_flush(file, err) < 0)
        return -1;
    if (!file->temp)
        return 0;
    if (fsync(file->fd) < 0)
        return error_errno(err, errno, file->path);
    if (rename(file->temp, file->path) < 0)
        return raise_cannot_create(file->path, err);
    free(file->temp);
    file->temp = NULL;
    if (drop_mark(file, err) < 0)
        return -1;
    return sync_folder(file->path, err);
}

void file_out_close(struct file_out *file)
{
    if (!file)
        return;
    if (file->owns_fd)
        close(file->fd);
    if (file->temp)
        unlink(file->temp);
    free(file->temp);
    free(file->path);
    free(file);
}
