/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/escape.h"

enum { BLOCK_BYTES = 64 * 1024, ESCAPED_MAX_BYTES = 2147483647 };

static int map_fd(int fd, const char *path, struct file_map *out, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(err, errno, path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_INPUT, "%s: not a regular file", path);
    if (st.st_size == 0)
        return error_set(err, ERR_INPUT, "%s: the file is empty", path);
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return error_errno(err, errno, path);
    out->data = data;
    out->len = (size_t)st.st_size;
    return 0;
}

int file_map_open(const char *path, struct file_map *out, struct error *err)
{
    /* Without O_NONBLOCK, opening a named pipe would wait for a writer. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return error_errno(err, errno, path);
    const int rc = map_fd(fd, path, out, err);
    close(fd);
    return rc;
}

void file_map_close(struct file_map *map)
{
    if (map->data)
        munmap((void *)map->data, map->len);
    *map = (struct file_map){ 0 };
}

int file_stamp(const char *path, struct file_stamp *out, struct error *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return error_errno(err, errno, path);
    out->size_bytes = st.st_size;
    out->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    out->inode = (int64_t)st.st_ino;
    return 0;
}

const char *file_network_type(uint32_t type)
{
    /* From linux/magic.h, or from the source of the file system. */
    static const struct {
        uint32_t type;
        const char *name;
    } types[] = {
        { 0x6969, "NFS" },      { 0x517b, "SMB" },        { 0xff534d42, "SMB" },
        { 0xfe534d42, "SMB" },  { 0x5346414f, "AFS" },    { 0x73757245, "Coda" },
        { 0x00c36400, "Ceph" }, { 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },
        { 0x01161970, "GFS2" }, { 0x7461636f, "OCFS2" },
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return NULL;
}

/* Get the folder of a path; the caller frees it. NULL when memory runs out. */
static char *copy_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

const char *file_network_name(const char *path)
{
    struct statfs fs;
    char *folder = NULL;
    int rc = statfs(path, &fs);

    if (rc < 0 && errno == ENOENT && (folder = copy_folder(path)))
        rc = statfs(folder, &fs);
    free(folder);
    return rc == 0 ? file_network_type((uint32_t)fs.f_type) : NULL;
}

static int file_read_fd(int fd, const char *path, struct buf *out, struct error *err)
{
    char *block = malloc(BLOCK_BYTES);
    int rc = -1;

    if (!block)
        return error_nomem(err);
    for (;;) {
        const ssize_t n = read(fd, block, BLOCK_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_errno(err, errno, path);
            break;
        }
        if (n == 0) {
            rc = 0;
            break;
        }
        if (buf_add(out, block, (size_t)n, err) < 0) {
            error_prefix(err, "%s", path);
            break;
        }
    }
    free(block);
    return rc;
}

int file_read(const char *path, struct buf *out, struct error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, errno, path);
    const int rc = file_read_fd(fd, path, out, err);
    close(fd);
    return rc;
}

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

/* Lock and empty the temporary file. Returns 1, 0 if another process has renamed it meanwhile,
 * or -1. */
static int lock_temp(const struct file_out *file, struct error *err)
{
    struct stat ours, named;

    if (flock(file->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? error_set(err, ERR_BUSY, "%s: another process is writing this file",
                               file->path)
                   : error_errno(err, errno, file->temp);
    if (fstat(file->fd, &ours) < 0)
        return error_errno(err, errno, file->temp);
    if (!S_ISREG(ours.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: not a regular file: remove it", file->temp);
    /* The process that held the lock may have renamed the file after we opened it. */
    if (lstat(file->temp, &named) < 0 || named.st_ino != ours.st_ino ||
        named.st_dev != ours.st_dev)
        return 0;
    return ftruncate(file->fd, 0) == 0 ? 1 : error_errno(err, errno, file->temp);
}

/* Use open(), which applies the umask; mkstemp() would use mode 0600. The name is fixed, so
 * that the next process overwrites the file that a killed process left. */
static int open_temp(struct file_out *file, struct error *err)
{
    int locked = 0;

    if (asprintf(&file->temp, "%s.curate-tmp", file->path) < 0) {
        file->temp = NULL;
        return error_nomem(err);
    }
    while (locked == 0) {
        if (file->owns_fd)
            close(file->fd);
        file->fd =
            open(file->temp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        file->owns_fd = file->fd >= 0;
        locked = file->owns_fd ? lock_temp(file, err) : raise_cannot_create(file->path, err);
    }
    if (locked == 1)
        return 0;
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

    if (strcmp(path, "-") == 0) {
        file->fd = STDOUT_FILENO;
        file->path = strdup("standard output");
        return file->path ? 0 : error_nomem(err);
    }
    const bool exists = stat(path, &st) == 0;
    /* Replace the target of a link, not the link. */
    file->path = exists ? realpath(path, NULL) : strdup(path);
    if (!file->path)
        return exists ? raise_cannot_create(path, err) : error_nomem(err);
    if (exists && S_ISDIR(st.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: is a directory", path);
    if (exists && !S_ISREG(st.st_mode))
        return open_in_place(file, err);
    return open_temp(file, err);
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
    char *folder = copy_folder(path);
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

int file_remove(const char *path, struct error *err)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return error_errno(err, errno, path);
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
