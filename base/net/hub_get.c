/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/hub_get.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/net/content.h"
#include "base/net/settings.h"
#include "base/net/transfer.h"
#include "base/net/url.h"

enum { COPY_BYTES = 1 << 20 };

/* The paths of one file, all of them absolute or all relative to the working folder. */
struct places {
    struct buf what;    /* public name, for messages */
    struct buf blob;    /* where its content belongs; of a copy: that of the cache */
    struct buf file;    /* what the caller gets: snapshot or copy */
    struct buf partial; /* while it is received or copied */
    struct buf lock;
};

static void release_places(struct places *places)
{
    buf_release(&places->what);
    buf_release(&places->blob);
    buf_release(&places->file);
    buf_release(&places->partial);
    buf_release(&places->lock);
}

static int find_places(const struct hub_get *get, const struct hub_entry *entry,
                       struct places *places, struct error *err)
{
    const char *hub = get->settings->cache;
    char part[HUB_COMMIT_BYTES + HUB_PATH_BYTES];

    buf_init(&places->what, HUB_PATH_BUF_BYTES);
    buf_init(&places->blob, HUB_PATH_BUF_BYTES);
    buf_init(&places->file, HUB_PATH_BUF_BYTES);
    buf_init(&places->partial, HUB_PATH_BUF_BYTES);
    buf_init(&places->lock, HUB_PATH_BUF_BYTES);
    if (hub_public_name(&places->what, get->name, get->commit, entry->path, err) < 0 ||
        hub_cache_path(hub, get->name, HUB_BLOBS, entry->id, &places->blob, err) < 0)
        return -1;
    if (get->folder)
        return buf_printf(&places->file, err, "%s/%s", get->folder, entry->path) < 0 ||
                       buf_printf(&places->partial, err, "%s.curate.incomplete",
                                  places->file.data) < 0
                   ? -1
                   : 0;
    snprintf(part, sizeof part, "%s/%s", get->commit, entry->path);
    if (hub_cache_path(hub, get->name, HUB_SNAPSHOTS, part, &places->file, err) < 0 ||
        buf_printf(&places->partial, err, "%s.curate.incomplete", places->blob.data) < 0)
        return -1;
    snprintf(part, sizeof part, "%s.lock", entry->id);
    return hub_cache_path(hub, get->name, HUB_LOCKS, part, &places->lock, err);
}

static int receive(const struct hub_get *get, const struct hub_entry *entry,
                   const struct places *places, const char *final_path, struct error *err)
{
    struct transfer_result result;
    struct buf url;
    int rc = -1;

    buf_init(&url, URL_MAX_BYTES);
    if (hub_file_url(&url, get->settings->endpoint, get->name, get->commit, entry->path, err) ==
        0) {
        const struct transfer transfer = {
            .url = url.data,
            .name = places->what.data,
            .partial_path = places->partial.data,
            .final_path = final_path,
            .size_bytes = entry->size_bytes,
            .content_id = entry->id,
            .on_progress = get->on_progress,
            .arg = get->arg,
        };

        rc = transfer_run(get->http, &transfer, &result, err);
    }
    buf_release(&url);
    return rc;
}

/* Copy the bytes of `from` to the new file `to`. */
static int copy_bytes(int from, int to)
{
    char *block = malloc(COPY_BYTES);
    ssize_t n_read = -1;

    while (block && (n_read = read(from, block, COPY_BYTES)) > 0) {
        for (ssize_t done = 0; done < n_read;) {
            const ssize_t n = write(to, block + done, (size_t)(n_read - done));

            if (n < 0) {
                free(block);
                return -1;
            }
            done += n;
        }
    }
    free(block);
    return n_read < 0 ? -1 : fsync(to);
}

/* Copy a verified file to `to`, which appears complete or not at all. */
static int copy_file(const char *from, const char *partial, const char *to, struct error *err)
{
    const int source = open(from, O_RDONLY | O_CLOEXEC);
    int rc = -1;

    if (source < 0)
        return error_errno(err, errno, from);
    unlink(partial);
    const int target = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (target < 0)
        error_errno(err, errno, partial);
    else
        rc = copy_bytes(source, target) < 0 ? error_errno(err, errno, to) : 0;
    if (target >= 0 && close(target) < 0 && rc == 0)
        rc = error_errno(err, errno, to);
    if (rc == 0 && rename(partial, to) < 0)
        rc = error_errno(err, errno, to);
    close(source);
    return rc;
}

/* True if the link in a snapshot leads to the blob, or if the snapshot has a file of its own.
 */
static bool is_linked(const struct places *places, const struct hub_entry *entry)
{
    char target[HUB_PATH_BYTES];
    const ssize_t n = readlink(places->file.data, target, sizeof target - 1);

    if (n < 0)
        return errno == EINVAL; /* no link */
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    return entry->id[0] == '\0' || strcmp(slash ? slash + 1 : target, entry->id) == 0;
}

/* Write the link in the snapshot. Returns 1, or 0 if links are not possible, or -1. */
static int write_link(const struct places *places, const struct hub_entry *entry,
                      struct error *err)
{
    struct buf target, temporary;
    int rc = -1;

    buf_init(&target, HUB_PATH_BUF_BYTES);
    buf_init(&temporary, HUB_PATH_BUF_BYTES);
    if (buf_add_text(&target, "../../", err) < 0)
        goto done;
    for (const char *c = entry->path; *c; c++)
        if (*c == '/' && buf_add_text(&target, "../", err) < 0)
            goto done;
    if (buf_printf(&target, err, "blobs/%s", entry->id) < 0 ||
        buf_printf(&temporary, err, "%s.%08x.tmp", places->blob.data,
                   (uint32_t)clock_mono_ns() ^ (uint32_t)getpid() << 16) < 0)
        goto done;
    if (symlink(target.data, temporary.data) < 0) {
        const bool impossible = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;

        rc = impossible ? 0 : error_errno(err, errno, temporary.data);
    } else if (rename(temporary.data, places->file.data) < 0) {
        error_errno(err, errno, places->file.data);
        unlink(temporary.data);
    } else {
        rc = 1;
    }
done:
    buf_release(&target);
    buf_release(&temporary);
    return rc;
}

/* Put the blob into the snapshot: as a link, or else itself. A blob that was there before may
 * belong to another snapshot, too, and is copied. */
static int put_into_snapshot(const struct hub_get *get, const struct hub_entry *entry,
                             const struct places *places, bool is_new, struct error *err)
{
    const char *file = places->file.data;
    int rc = 0;

    if (hub_make_folders(file, err) < 0)
        return -1;
    if (!get->settings->without_symlinks)
        rc = write_link(places, entry, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (!is_new)
        rc = copy_file(places->blob.data, places->partial.data, file, err);
    else if (rename(places->blob.data, file) < 0)
        rc = error_errno(err, errno, file);
    if (rc == 0)
        hub_note_verified(get, entry, file);
    return rc;
}

static void note(const struct hub_get *get, const struct places *places, const char *what)
{
    char text[512];

    snprintf(text, sizeof text, "%.300s: %s", places->what.data, what);
    if (get->on_note)
        get->on_note(get->arg, text);
}

/* Make the blob, under its lock, and put it into the snapshot. */
static int fill_cache(const struct hub_get *get, const struct hub_entry *entry,
                      const struct places *places, struct error *err)
{
    const char *blob = places->blob.data;
    int has_blob = hub_verify(get, entry, blob, err);

    if (has_blob < 0 || hub_make_folders(blob, err) < 0)
        return -1;
    if (has_blob == 0 && access(blob, F_OK) == 0)
        note(get, places, "the file in the cache is damaged: it is received again");
    if (has_blob == 0) {
        if (receive(get, entry, places, blob, err) < 0)
            return -1;
        hub_note_verified(get, entry, blob);
    }
    return put_into_snapshot(get, entry, places, has_blob == 0, err);
}

static int offline_error(const struct places *places, struct error *err)
{
    return error_set(err, ERR_NOT_FOUND,
                     "%s: not in the cache, or damaged there, and offline is on: fetch it "
                     "without HF_HUB_OFFLINE and --offline",
                     places->what.data);
}

/* 1: the snapshot has the file, and it is verified. */
static int check_snapshot(const struct hub_get *get, const struct hub_entry *entry,
                          const struct places *places, struct error *err)
{
    return is_linked(places, entry) ? hub_verify(get, entry, places->file.data, err) : 0;
}

static int get_cached(const struct hub_get *get, const struct hub_entry *entry,
                      struct places *places, struct error *err)
{
    struct hub_lock lock = { .fd = -1 };
    int rc = check_snapshot(get, entry, places, err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (!get->http)
        return offline_error(places, err);
    if (hub_lock(get, places->lock.data, places->what.data, &lock, err) < 0)
        return -1;
    if (!lock.is_exclusive)
        rc = buf_printf(&places->partial, err, ".%08x.incomplete",
                        (uint32_t)clock_mono_ns() ^ (uint32_t)getpid() << 16);
    if (rc == 0)
        rc = check_snapshot(get, entry, places, err); /* another process may have been faster */
    if (rc == 0)
        rc = fill_cache(get, entry, places, err);
    hub_unlock(&lock);
    return rc < 0 ? -1 : 0;
}

/* Copy what the cache has. Returns 1, 0 if it has nothing, or -1. */
static int copy_cached(const struct hub_get *get, const struct hub_entry *entry,
                       const struct places *places, struct error *err)
{
    const int rc = hub_verify(get, entry, places->blob.data, err);

    if (rc != 1)
        return rc;
    return copy_file(places->blob.data, places->partial.data, places->file.data, err) < 0 ? -1
                                                                                          : 1;
}

static int make_copy(const struct hub_get *get, const struct hub_entry *entry,
                     const struct places *places, struct error *err)
{
    struct content content;
    const char *file = places->file.data;
    struct stat st;

    if (lstat(file, &st) == 0) {
        const int rc =
            content_check(file, entry->size_bytes, entry->id, get->stop_signal, &content, err);

        if (rc == 0)
            error_set(err, ERR_CANTCREATE,
                      "%s: exists with another content than %s: remove it, or choose another "
                      "folder",
                      file, places->what.data);
        return rc == 1 ? 0 : -1;
    }
    if (hub_make_folders(file, err) < 0)
        return -1;
    const int rc = copy_cached(get, entry, places, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return get->http ? receive(get, entry, places, file, err) : offline_error(places, err);
}

int hub_get_file(const struct hub_get *get, const struct hub_entry *entry, struct buf *local,
                 struct error *err)
{
    struct places places = { 0 };
    int rc = find_places(get, entry, &places, err);

    if (rc == 0)
        rc = get->folder ? make_copy(get, entry, &places, err)
                         : get_cached(get, entry, &places, err);
    if (rc == 0)
        rc = buf_add_slice(local, buf_slice(&places.file), err);
    release_places(&places);
    return rc;
}
