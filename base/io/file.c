/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

enum { BLOCK_BYTES = 64 * 1024, LINKS_MAX = 40 };

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

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void set_stamp(const struct stat *st, struct file_stamp *out)
{
    *out = (struct file_stamp){ .size_bytes = st->st_size,
                                .mtime_ns = nanoseconds(st->st_mtim),
                                .ctime_ns = nanoseconds(st->st_ctim),
                                .inode = (int64_t)st->st_ino };
}

int file_stamp(const char *path, struct file_stamp *out, struct error *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return error_errno(err, errno, path);
    set_stamp(&st, out);
    return 0;
}

int file_stamp_fd(int fd, const char *name, struct file_stamp *out, struct error *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_errno(err, errno, name);
    set_stamp(&st, out);
    return 0;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->size_bytes == b->size_bytes && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->inode == b->inode;
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

char *file_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

const char *file_network_name(const char *path)
{
    struct statfs fs;
    char *folder = NULL;
    int rc = statfs(path, &fs);

    if (rc < 0 && errno == ENOENT && (folder = file_folder(path)))
        rc = statfs(folder, &fs);
    free(folder);
    return rc == 0 ? file_network_type((uint32_t)fs.f_type) : NULL;
}

/* Get the path that a symbolic link names, as seen from the folder of the link. */
static char *link_target(const char *path, const char *target)
{
    const char *slash = strrchr(path, '/');
    char *joined;

    if (target[0] == '/' || !slash)
        return strdup(target);
    if (asprintf(&joined, "%.*s%s", (int)(slash - path + 1), path, target) < 0)
        return NULL;
    return joined;
}

int file_follow(const char *path, char **out, struct error *err)
{
    char target[PATH_MAX];
    char *at = strdup(path);

    for (int n_links = 0; at; n_links++) {
        const ssize_t n = readlink(at, target, sizeof target - 1);

        if (n < 0) { /* not a link, or there is no such file */
            *out = at;
            return 0;
        }
        target[n] = '\0';
        char *next = n_links < LINKS_MAX ? link_target(at, target) : NULL;
        free(at);
        if (n_links == LINKS_MAX)
            return error_errno(err, ELOOP, path);
        at = next;
    }
    return error_nomem(err);
}

bool file_is_stdout(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 ||
           strcmp(path, "/dev/fd/1") == 0;
}

static bool is_same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Compare the paths of two files that do not exist. Returns 1, 0 or -1. */
static int is_same_name(const char *a, const char *b, struct error *err)
{
    char *folder_a = file_folder(a);
    char *folder_b = file_folder(b);
    struct stat stat_a, stat_b;
    int same = -1;

    if (!folder_a || !folder_b)
        error_nomem(err);
    else
        same = strcmp(last_part(a), last_part(b)) == 0 && stat(folder_a, &stat_a) == 0 &&
               stat(folder_b, &stat_b) == 0 && is_same_inode(&stat_a, &stat_b);
    free(folder_a);
    free(folder_b);
    return same;
}

int file_is_same(const char *a, const char *b, struct error *err)
{
    char *end_a = NULL, *end_b = NULL;
    struct stat stat_a, stat_b;
    int same;

    const bool exists_a = stat(a, &stat_a) == 0;
    const bool exists_b = stat(b, &stat_b) == 0;
    if (exists_a && exists_b)
        return is_same_inode(&stat_a, &stat_b);
    if (exists_a || exists_b)
        return 0;
    if (file_follow(a, &end_a, err) < 0 || file_follow(b, &end_b, err) < 0)
        same = err->code == ERR_NOMEM ? -1 : 0; /* a loop of links is no file */
    else
        same = is_same_name(end_a, end_b, err);
    free(end_a);
    free(end_b);
    return same;
}

bool file_is_open(int fd, const char *path)
{
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && is_same_inode(&opened, &named);
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

int file_remove(const char *path, struct error *err)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return error_errno(err, errno, path);
    return 0;
}
