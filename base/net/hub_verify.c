/* SPDX-License-Identifier: Apache-2.0 */
/* Locks between processes, and which files of the cache were verified. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/net/content.h"
#include "base/net/hub_get.h"
#include "base/net/settings.h"

enum {
    LOCK_POLL_MS = 50,
    LOCK_PATIENCE_MS = 10000, /* then the user is told what is waited for */
    STAMPS_BYTES = 8 * 1024,  /* of a file of stamps; each has about 70 bytes */
};

/* Take the lock of an open file. Returns 1, 0 if the file system has no locks, or -1. */
static int wait_for_flock(const struct hub_get *get, int fd, const char *what,
                          struct error *err)
{
    const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };
    const int64_t start_ns = clock_mono_ns();
    bool has_noted = false;

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return 0;
        if (get->stop_signal && *get->stop_signal != 0)
            return error_set_sys(err, ERR_CANCELLED, *get->stop_signal,
                                 "%s: stopped while waiting for another process", what);
        if (!has_noted && clock_mono_ns() - start_ns > LOCK_PATIENCE_MS * INT64_C(1000000)) {
            char text[512];

            has_noted = true;
            snprintf(text, sizeof text, "%s: waiting for another process that has locked it",
                     what);
            if (get->on_note)
                get->on_note(get->arg, text);
        }
        nanosleep(&pause, NULL);
    }
    return 1;
}

int hub_lock(const struct hub_get *get, const char *path, const char *what,
             struct hub_lock *out, struct error *err)
{
    enum { FLAGS = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK };

    *out = (struct hub_lock){ .fd = -1 };
    if (hub_make_folders(path, err) < 0)
        return -1;
    out->fd = open(path, FLAGS | O_CREAT | O_EXCL, 0664);
    if (out->fd >= 0)
        (void)fchmod(out->fd, 0664); /* the users of a shared cache wait for each other */
    else if (errno == EEXIST)
        out->fd = open(path, FLAGS);
    if (out->fd < 0)
        return error_errno(err, errno, path);
    const int rc = wait_for_flock(get, out->fd, what, err);
    if (rc < 0)
        hub_unlock(out);
    out->is_exclusive = rc == 1;
    return rc < 0 ? -1 : 0;
}

int hub_lock_folder(const struct hub_get *get, const char *folder, struct hub_lock *out,
                    struct error *err)
{
    char text[600];

    *out = (struct hub_lock){ .fd = -1 };
    if (strlen(folder) > 500)
        return error_set(err, ERR_USAGE, "the name of the output folder is too long");
    snprintf(text, sizeof text, "%s/", folder);
    if (hub_make_folders(text, err) < 0)
        return -1;
    out->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->fd < 0)
        return error_errno(err, errno, folder);
    const int rc = wait_for_flock(get, out->fd, folder, err);
    if (rc < 0)
        hub_unlock(out);
    out->is_exclusive = rc == 1;
    return rc < 0 ? -1 : 0;
}

void hub_unlock(struct hub_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

/* The file of the stamps of a content. */
static int stamps_path(const struct hub_get *get, const struct hub_entry *entry,
                       struct buf *out, struct error *err)
{
    char part[HUB_ID_HEX + 16];

    snprintf(part, sizeof part, "%s.curate", entry->id);
    return hub_cache_path(get->settings->cache, get->name, HUB_LOCKS, part, out, err);
}

/* One line of a file of stamps. */
static void print_stamp(const struct file_stamp *stamp, char *line, size_t size)
{
    snprintf(line, size, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", stamp->size_bytes,
             stamp->mtime_ns, stamp->ctime_ns, stamp->inode);
}

void hub_note_verified(const struct hub_get *get, const struct hub_entry *entry,
                       const char *path)
{
    struct error ignored;
    struct file_stamp stamp;
    struct stat st;
    struct buf file;
    char line[128];

    buf_init(&file, HUB_PATH_BUF_BYTES);
    if (file_stamp(path, &stamp, &ignored) < 0 ||
        stamps_path(get, entry, &file, &ignored) < 0 ||
        hub_make_folders(file.data, &ignored) < 0)
        goto done;
    print_stamp(&stamp, line, sizeof line);
    const int fd =
        open(file.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0664);
    if (fd < 0)
        goto done;
    /* Copies of one content in several snapshots have a line each; of too many, none is left.
     */
    if (fstat(fd, &st) == 0 && st.st_size > STAMPS_BYTES - (off_t)sizeof line &&
        ftruncate(fd, 0) < 0)
        line[0] = '\0';
    if (write(fd, line, strlen(line)) < 0)
        line[0] = '\0';
    close(fd);
done:
    buf_release(&file);
}

/* True if the stamps have this one. */
static bool has_stamp(const struct hub_get *get, const struct hub_entry *entry,
                      const struct file_stamp *stamp)
{
    struct error ignored;
    struct buf file, text;
    char line[128];
    bool found = false;

    print_stamp(stamp, line, sizeof line);
    buf_init(&file, HUB_PATH_BUF_BYTES);
    buf_init(&text, STAMPS_BYTES);
    if (stamps_path(get, entry, &file, &ignored) == 0 &&
        file_read(file.data, &text, &ignored) == 0 && text.len > 0)
        for (const char *at = text.data; at && !found; at = strchr(at, '\n')) {
            at += *at == '\n';
            found = strncmp(at, line, strlen(line)) == 0;
        }
    buf_release(&file);
    buf_release(&text);
    return found;
}

int hub_verify(const struct hub_get *get, const struct hub_entry *entry, const char *path,
               struct error *err)
{
    struct content content;
    struct file_stamp stamp;

    if (file_stamp(path, &stamp, err) < 0)
        return err->code == ERR_NOT_FOUND ? 0 : -1;
    if (entry->size_bytes != UINT64_MAX && (uint64_t)stamp.size_bytes != entry->size_bytes)
        return 0;
    if (entry->id[0] == '\0' || has_stamp(get, entry, &stamp))
        return 1;
    const int rc =
        content_check(path, entry->size_bytes, entry->id, get->stop_signal, &content, err);
    if (rc == 1)
        hub_note_verified(get, entry, path);
    return rc;
}
