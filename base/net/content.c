/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"

enum { READ_BYTES = 256 * 1024 };

enum content_kind content_kind_of(const char *id)
{
    const size_t len = id ? strlen(id) : 0;

    if (len == 0 || strspn(id, "0123456789abcdefABCDEF") != len)
        return CONTENT_UNKNOWN;
    if (len == 2 * DIGEST_BYTES)
        return CONTENT_SHA256;
    return len == 2 * DIGEST_SHA1_BYTES ? CONTENT_GIT_SHA1 : CONTENT_UNKNOWN;
}

int content_hash(int fd, const char *path, struct digest *digest,
                 const volatile int *stop_signal, uint64_t *n_bytes, struct error *err)
{
    char *block = malloc(READ_BYTES);
    uint64_t n_read = 0;
    ssize_t n = -1;

    if (!block)
        return error_nomem(err);
    if (lseek(fd, 0, SEEK_SET) < 0) {
        error_errno(err, errno, path);
        goto done;
    }
    do {
        n = read(fd, block, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_errno(err, errno, path);
        } else if (stop_signal && *stop_signal) {
            error_set_sys(err, ERR_CANCELLED, *stop_signal, "stopped by a signal");
            n = -1;
        } else if (digest_add(digest, block, (size_t)n, err) < 0) {
            n = -1;
        }
        n_read += n > 0 ? (uint64_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
done:
    free(block);
    if (n < 0)
        return -1;
    *n_bytes = n_read;
    return 0;
}

int content_git_sha1(int fd, const char *path, uint64_t size_bytes, uint8_t out[DIGEST_BYTES],
                     struct error *err)
{
    struct digest *digest = NULL;
    char head[32];
    uint64_t n_bytes;
    const int n = snprintf(head, sizeof head, "blob %llu", (unsigned long long)size_bytes);

    if (digest_new_sha1(&digest, err) < 0)
        return -1;
    int rc = digest_add(digest, head, (size_t)n + 1, err);

    if (rc == 0)
        rc = content_hash(fd, path, digest, NULL, &n_bytes, err);
    if (rc == 0)
        rc = digest_end(digest, out, err);
    digest_free(digest);
    return rc;
}

static int check_open(int fd, const char *path, const char *id, const volatile int *stop_signal,
                      struct content *out, struct error *err)
{
    struct digest *digest = NULL;
    uint8_t sha1[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];

    if (digest_new(&digest, err) < 0)
        return -1;
    int rc = content_hash(fd, path, digest, stop_signal, &out->size_bytes, err);

    if (rc == 0)
        rc = digest_end(digest, out->sha256, err);
    digest_free(digest);
    if (rc < 0)
        return -1;
    digest_hex(out->sha256, DIGEST_BYTES, hex);
    if (content_kind_of(id) == CONTENT_GIT_SHA1) {
        if (content_git_sha1(fd, path, out->size_bytes, sha1, err) < 0)
            return -1;
        digest_hex(sha1, DIGEST_SHA1_BYTES, hex);
    }
    return content_kind_of(id) == CONTENT_UNKNOWN || strcasecmp(hex, id) == 0;
}

int content_check(const char *path, uint64_t size_bytes, const char *id,
                  const volatile int *stop_signal, struct content *out, struct error *err)
{
    struct content content = { 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, errno, path);
    int rc = check_open(fd, path, id, stop_signal, &content, err);

    close(fd);
    if (rc < 0)
        return -1;
    *out = content;
    return rc && (size_bytes == UINT64_MAX || content.size_bytes == size_bytes);
}
