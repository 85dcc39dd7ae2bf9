/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/hub_cache.h"

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
#include "base/io/file.h"

int hub_cache_path(const char *folder, const struct hub_name *name, enum hub_place place,
                   const char *part, struct buf *out, struct error *err)
{
    static const char *const places[] = {
        [HUB_BLOBS] = "/blobs",      [HUB_REFS] = "/refs",   [HUB_SNAPSHOTS] = "/snapshots",
        [HUB_ABSENT] = "/.no_exist", [HUB_TREES] = "/trees", [HUB_LOCKS] = "",
    };
    const char *slash = strchr(name->id, '/');

    return buf_printf(out, err, "%s%s/%s--%.*s--%s%s/%s", folder,
                      place == HUB_LOCKS ? "/.locks" : "",
                      name->kind == HUB_DATASET ? "datasets" : "models",
                      (int)(slash - name->id), name->id, slash + 1, places[place], part);
}

int hub_make_folders(const char *path, struct error *err)
{
    char *text = strdup(path);
    int rc = 0;

    if (!text)
        return error_nomem(err);
    for (char *slash = strchr(text + 1, '/'); slash && rc == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(text, 0777) < 0 && errno != EEXIST)
            rc = error_errno(err, errno, text);
        *slash = '/';
    }
    free(text);
    return rc;
}

static int write_bytes(int fd, struct slice content)
{
    while (content.len > 0) {
        const ssize_t n = write(fd, content.ptr, content.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        content = slice_of(content.ptr + n, content.len - (size_t)n);
    }
    return 0;
}

int hub_write_file(const char *path, struct slice content, struct error *err)
{
    const uint32_t number = (uint32_t)clock_mono_ns() ^ (uint32_t)getpid() << 16;
    struct buf temporary;
    int rc = -1;

    buf_init(&temporary, HUB_PATH_BUF_BYTES);
    if (hub_make_folders(path, err) < 0 ||
        buf_printf(&temporary, err, "%s.%08x.tmp", path, number) < 0)
        goto done;
    const int fd = open(temporary.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_errno(err, errno, temporary.data);
        goto done;
    }
    rc = write_bytes(fd, content) < 0 ? error_errno(err, errno, path) : 0;
    if (close(fd) < 0 && rc == 0)
        rc = error_errno(err, errno, path);
    if (rc == 0 && rename(temporary.data, path) < 0)
        rc = error_errno(err, errno, path);
    if (rc < 0)
        unlink(temporary.data);
done:
    buf_release(&temporary);
    return rc;
}

/* Mark the cache for programs that make backups, as huggingface_hub does. */
static int write_tag(const char *folder, struct error *err)
{
    static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                              "# This file is a cache directory tag created by curate.\n"
                              "# For information about cache directory tags, see:\n"
                              "#\thttps://bford.info/cachedir/\n";
    struct buf path;
    int rc = -1;

    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (buf_printf(&path, err, "%s/CACHEDIR.TAG", folder) == 0)
        rc = access(path.data, F_OK) == 0 ? 0 : hub_write_file(path.data, slice_text(tag), err);
    buf_release(&path);
    return rc;
}

/* Read the file of a ref, whose path is given. */
static int read_commit(const char *path, char commit[HUB_COMMIT_BYTES], struct error *err)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, HUB_COMMIT_BYTES + 1);
    if (file_read(path, &text, err) < 0)
        rc = err->code == ERR_NOT_FOUND || err->code == ERR_INPUT ? 0 : -1;
    else if (hub_is_commit(slice_trim(buf_slice(&text)))) {
        memcpy(commit, slice_trim(buf_slice(&text)).ptr, HUB_COMMIT_BYTES - 1);
        commit[HUB_COMMIT_BYTES - 1] = '\0';
        rc = 1;
    }
    buf_release(&text);
    return rc;
}

int hub_cache_commit(const char *folder, const struct hub_name *name,
                     char commit[HUB_COMMIT_BYTES], struct error *err)
{
    struct buf path;
    int rc = -1;

    if (hub_is_commit(slice_text(name->revision))) {
        memcpy(commit, name->revision, HUB_COMMIT_BYTES);
        return 1;
    }
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (hub_cache_path(folder, name, HUB_REFS, name->revision, &path, err) == 0)
        rc = read_commit(path.data, commit, err);
    buf_release(&path);
    return rc;
}

int hub_cache_set_commit(const char *folder, const struct hub_name *name, const char *commit,
                         struct error *err)
{
    char known[HUB_COMMIT_BYTES] = "";
    struct buf path;
    int rc = -1;

    if (strcmp(name->revision, commit) == 0)
        return 0;
    buf_init(&path, HUB_PATH_BUF_BYTES);
    if (write_tag(folder, err) < 0 ||
        hub_cache_path(folder, name, HUB_REFS, name->revision, &path, err) < 0)
        goto done;
    rc = read_commit(path.data, known, err);
    if (rc == 1 && strcmp(known, commit) == 0)
        rc = 0;
    else if (rc >= 0)
        rc = hub_write_file(path.data, slice_text(commit), err);
done:
    buf_release(&path);
    return rc;
}

int hub_cache_set_absent(const char *folder, const struct hub_name *name, const char *commit,
                         const char *path, struct error *err)
{
    char part[HUB_COMMIT_BYTES + HUB_PATH_BYTES];
    struct buf file;
    int rc = -1;

    snprintf(part, sizeof part, "%s/%s", commit, path);
    buf_init(&file, HUB_PATH_BUF_BYTES);
    if (write_tag(folder, err) == 0 &&
        hub_cache_path(folder, name, HUB_ABSENT, part, &file, err) == 0)
        rc = access(file.data, F_OK) == 0 ? 0 : hub_write_file(file.data, slice_text(""), err);
    buf_release(&file);
    return rc;
}
