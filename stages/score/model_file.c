/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"

int model_file_find(const char *path, struct model_file *out, struct error *err)
{
    return gguf_paths_find(path, &out->paths, err);
}

int model_file_open(struct model_file *file, struct error *err)
{
    file->fds = malloc(file->paths.n * sizeof *file->fds);
    if (!file->fds)
        return error_nomem(err);
    for (size_t i = 0; i < file->paths.n; i++)
        file->fds[i] = -1;
    for (size_t i = 0; i < file->paths.n; i++) {
        file->fds[i] = open(file->paths.paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (file->fds[i] < 0)
            return error_errno(err, errno, file->paths.paths[i]);
    }
    return 0;
}

void model_file_close(struct model_file *file)
{
    for (size_t i = 0; file->fds && i < file->paths.n; i++)
        if (file->fds[i] >= 0)
            close(file->fds[i]);
    free(file->fds);
    gguf_paths_release(&file->paths);
    *file = (struct model_file){ .fds = NULL };
}

/* Make one stamp of those of the parts. It is the same only if all are: the hash of all stamps
 * stands for the inode. */
static void join_stamps(const struct file_stamp *stamps, size_t n, struct file_stamp *out)
{
    *out = stamps[0];
    for (size_t i = 1; i < n; i++) {
        out->size_bytes += stamps[i].size_bytes;
        if (stamps[i].mtime_ns > out->mtime_ns)
            out->mtime_ns = stamps[i].mtime_ns;
        if (stamps[i].ctime_ns > out->ctime_ns)
            out->ctime_ns = stamps[i].ctime_ns;
    }
    if (n > 1)
        out->inode =
            (int64_t)(hash_u64(slice_of((const char *)stamps, n * sizeof *stamps)) & INT64_MAX);
}

static int stamp_files(const struct model_file *file, bool is_open, struct file_stamp *out,
                       struct error *err)
{
    struct file_stamp stamps[GGUF_PARTS_MAX] = { 0 }; /* gcc does not see that n is not 0 */

    for (size_t i = 0; i < file->paths.n; i++) {
        const char *path = file->paths.paths[i];
        const int rc = is_open ? file_stamp_fd(file->fds[i], path, &stamps[i], err)
                               : file_stamp(path, &stamps[i], err);

        if (rc < 0)
            return -1;
    }
    join_stamps(stamps, file->paths.n, out);
    return 0;
}

int model_file_stamp(const struct model_file *file, struct file_stamp *out, struct error *err)
{
    return stamp_files(file, false, out, err);
}

int model_file_stamp_open(const struct model_file *file, struct file_stamp *out,
                          struct error *err)
{
    return stamp_files(file, true, out, err);
}

/* An open file is read by its descriptor: its path may name another file by now. */
static int digest_part(const struct model_file *file, size_t i, uint8_t out[DIGEST_BYTES],
                       struct error *err)
{
    char path[64];

    if (!file->fds)
        return digest_file(file->paths.paths[i], out, err);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->fds[i]);
    return digest_file(path, out, err) < 0 ? error_prefix(err, "%s", file->paths.paths[i]) : 0;
}

int model_file_digest(const struct model_file *file, uint8_t out[DIGEST_BYTES],
                      struct error *err)
{
    struct digest *digest = NULL;
    int rc = 0;

    if (file->paths.n == 1)
        return digest_part(file, 0, out, err);
    if (digest_new(&digest, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < file->paths.n; i++) {
        rc = digest_part(file, i, out, err);
        if (rc == 0)
            rc = digest_add(digest, out, DIGEST_BYTES, err);
    }
    if (rc == 0)
        rc = digest_end(digest, out, err);
    digest_free(digest);
    return rc;
}
