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

enum { BLOCK_BYTES = 64 * 1024, VISIBLE_MAX_BYTES = 2147483647 };

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
    /* Without O_NONBLOCK opening a named pipe would wait for its writer. */
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
    /* linux/magic.h, as far as it has them; the others are their makers'. */
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

/* The folder of the path, NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

const char *file_network_name(const char *path)
{
    struct statfs fs;
    char *folder = NULL;
    int rc = statfs(path, &fs);

    if (rc < 0 && errno == ENOENT && (folder = folder_of(path)))
        rc = statfs(folder, &fs);
    free(folder);
    return rc == 0 ? file_network_type((uint32_t)fs.f_type) : NULL;
}

static int read_all(int fd, const char *path, struct buf *out, struct error *err)
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
    const int rc = read_all(fd, path, out, err);
    close(fd);
    return rc;
}

struct file_out {
    int fd;
    bool owns_fd;
    bool on_terminal;
    char *path; /* where it shall appear */
    char *temp; /* where it is until then; NULL when bytes go to path itself */
    size_t n_held;
    char held[BLOCK_BYTES];
};

static int cannot_create(const char *path, struct error *err)
{
    const int sys = errno;

    error_errno(err, sys, path);
    if (err->code != ERR_NOMEM)
        err->code = ERR_CANTCREATE;
    return -1;
}

/* Have the temporary file to ourselves. 1; 0 when it went away under our hands. */
static int own_temp(const struct file_out *file, struct error *err)
{
    struct stat ours, named;

    if (flock(file->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? error_set(err, ERR_BUSY, "%s: another process is writing it", file->path)
                   : error_errno(err, errno, file->temp);
    if (fstat(file->fd, &ours) < 0)
        return error_errno(err, errno, file->temp);
    if (!S_ISREG(ours.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: is in the way, and no file", file->temp);
    /* Whoever had it may have renamed it since we opened it. */
    if (lstat(file->temp, &named) < 0 || named.st_ino != ours.st_ino ||
        named.st_dev != ours.st_dev)
        return 0;
    return ftruncate(file->fd, 0) == 0 ? 1 : error_errno(err, errno, file->temp);
}

/* The mode is open()'s business, so that the umask counts; mkstemp() would say 0600. One name,
 * not one of many: what a process that was killed has left behind, the next one uses up. */
static int open_temp(struct file_out *file, struct error *err)
{
    int owned = 0;

    if (asprintf(&file->temp, "%s.curate-tmp", file->path) < 0) {
        file->temp = NULL;
        return error_nomem(err);
    }
    while (owned == 0) {
        if (file->owns_fd)
            close(file->fd);
        file->fd =
            open(file->temp, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        file->owns_fd = file->fd >= 0;
        owned = file->owns_fd ? own_temp(file, err) : cannot_create(file->path, err);
    }
    if (owned == 1)
        return 0;
    free(file->temp); /* it is not ours to remove */
    file->temp = NULL;
    return -1;
}

/* A device or pipe cannot be replaced by renaming something over it; it is written to. */
static int open_in_place(struct file_out *file, struct error *err)
{
    file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
    if (file->fd < 0)
        return cannot_create(file->path, err);
    file->owns_fd = true;
    return 0;
}

static int open_target(struct file_out *file, const char *path, struct error *err)
{
    struct stat st;

    if (strcmp(path, "-") == 0) {
        file->fd = STDOUT_FILENO;
        file->path = strdup("standard output");
        return file->path ? 0 : error_nomem(err);
    }
    const bool exists = stat(path, &st) == 0;
    /* What a link points to is replaced, not the link. */
    file->path = exists ? realpath(path, NULL) : strdup(path);
    if (!file->path)
        return exists ? cannot_create(path, err) : error_nomem(err);
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
    if (open_target(file, path, err) < 0) {
        file_out_close(file);
        return -1;
    }
    file->on_terminal = isatty(file->fd);
    *out = file;
    return 0;
}

static int write_all(struct file_out *file, const char *bytes, size_t n, struct error *err)
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

static int flush(struct file_out *file, struct error *err)
{
    const size_t n = file->n_held;

    file->n_held = 0;
    return write_all(file, file->held, n, err);
}

/* Records of strangers are to be seen there, not obeyed. */
static int show(struct file_out *file, struct slice bytes, struct error *err)
{
    struct buf visible;
    int rc = -1;

    buf_init(&visible, VISIBLE_MAX_BYTES);
    if (escape_add(&visible, bytes, err) == 0)
        rc = write_all(file, visible.data, visible.len, err);
    buf_release(&visible);
    return rc;
}

int file_out_add(struct file_out *file, struct slice bytes, struct error *err)
{
    if (file->on_terminal)
        return show(file, bytes, err);
    if (bytes.len > sizeof file->held - file->n_held && flush(file, err) < 0)
        return -1;
    if (bytes.len >= sizeof file->held)
        return write_all(file, bytes.ptr, bytes.len, err);
    if (bytes.len > 0)
        memcpy(file->held + file->n_held, bytes.ptr, bytes.len);
    file->n_held += bytes.len;
    return 0;
}

/* Without it the new name may be gone after a power cut although the bytes are there. */
static int sync_folder(const char *path, struct error *err)
{
    char *folder = folder_of(path);
    int rc = -1;

    if (!folder)
        return error_nomem(err);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems know no fsync of a folder and say EINVAL. */
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
    if (flush(file, err) < 0)
        return -1;
    if (!file->temp)
        return 0;
    if (fsync(file->fd) < 0)
        return error_errno(err, errno, file->path);
    if (rename(file->temp, file->path) < 0)
        return cannot_create(file->path, err);
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
