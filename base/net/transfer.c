/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/transfer.h"

#include <sys/stat.h>
#include <sys/statfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io/file.h"
#include "base/net/backoff.h"
#include "base/net/content.h"
#include "base/net/http_private.h"

enum {
    MIB = 1024 * 1024,
    SPARE_BYTES = 16 * MIB, /* room on the disk that a transfer leaves */
    RESOLVED_MAX = 3,       /* redirects followed anew because a signature had expired */
};

/* What the answer that is being received means for the partial file. */
enum answer {
    ANSWER_NONE,    /* nothing of it was stored */
    ANSWER_BODY,    /* its body is appended */
    ANSWER_RESTART, /* it does not go on where the file ends: ask for all of it */
    ANSWER_WRONG,   /* its size is not that of the content */
};

struct receiver {
    const struct transfer *transfer;
    struct http *http;
    struct digest *digest;
    int fd;
    uint64_t have;       /* bytes of the partial file, all of them in the digest */
    uint64_t size_bytes; /* UINT64_MAX: not known */
    uint64_t most;       /* that it ever had: only more than that is progress */
    uint64_t n_received;
    uint64_t found_bytes; /* with ANSWER_WRONG: the size that the server has */
    struct backoff backoff;
    unsigned n_resolved;
    bool has_resumed;   /* bytes of several answers, or of another process, are in the file */
    bool has_restarted; /* because the content was wrong */
    enum answer answer;
};

/* Make the partial file empty. */
static int start_again(struct receiver *in, struct error *err)
{
    if (ftruncate(in->fd, 0) < 0 || lseek(in->fd, 0, SEEK_SET) < 0)
        return error_errno(err, errno, in->transfer->partial_path);
    in->have = 0;
    in->has_resumed = false;
    if (in->transfer->on_progress)
        in->transfer->on_progress(in->transfer->arg, 0);
    return digest_restart(in->digest, err);
}

static int check_room(const struct receiver *in, struct error *err)
{
    struct statfs disk;

    if (in->size_bytes == UINT64_MAX || fstatfs(in->fd, &disk) < 0)
        return 0;
    const uint64_t room = (uint64_t)disk.f_bavail * (uint64_t)disk.f_bsize;
    const uint64_t need = in->size_bytes > in->have ? in->size_bytes - in->have : 0;

    if (need <= UINT64_MAX - SPARE_BYTES && need + SPARE_BYTES <= room)
        return 0;
    return error_set_sys(
        err, ERR_IO, ENOSPC,
        "%s: %llu MiB of disk are needed, %d of them to spare, but only %llu MiB "
        "are free: %s",
        in->transfer->name,
        (unsigned long long)(need / MIB + (need % MIB > 0) + SPARE_BYTES / MIB),
        SPARE_BYTES / MIB, (unsigned long long)(room / MIB), in->transfer->partial_path);
}

/* The answer has all bytes from the first one on. */
static int accept_whole(struct receiver *in, const struct http_response *response,
                        struct error *err)
{
    uint64_t length;

    if (in->have > 0 && start_again(in, err) < 0)
        return -1;
    in->answer = ANSWER_BODY;
    if (!headers_number(headers_find(&response->headers, "Content-Length"), &length))
        return 0;
    if (in->size_bytes == UINT64_MAX)
        in->size_bytes = length;
    if (length == in->size_bytes)
        return check_room(in, err);
    in->answer = ANSWER_WRONG;
    in->found_bytes = length;
    return error_set(err, ERR_INPUT, "another size");
}

/* The answer has the bytes from the end of the partial file on, if it is as it must be. */
static int accept_rest(struct receiver *in, const struct http_response *response,
                       struct error *err)
{
    struct content_range range;

    in->answer = ANSWER_RESTART;
    if (!headers_content_range(headers_find(&response->headers, "Content-Range"), &range) ||
        !range.has_range || range.first != in->have || range.total == UINT64_MAX ||
        (in->size_bytes != UINT64_MAX && range.total != in->size_bytes))
        return error_set(err, ERR_INPUT, "another range than the one that was asked for");
    in->size_bytes = range.total;
    in->has_resumed = true;
    in->answer = ANSWER_BODY;
    return check_room(in, err);
}

static int on_transfer_start(void *arg, const struct http_response *response, struct error *err)
{
    struct receiver *in = arg;

    if (response->status == 200)
        return accept_whole(in, response, err);
    if (response->status == 206 && in->have > 0)
        return accept_rest(in, response, err);
    return http_status_error(response, in->transfer->name, err);
}

static int store_all(int fd, const char *bytes, size_t n, const char *path, struct error *err)
{
    while (n > 0) {
        const ssize_t written = write(fd, bytes, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(err, errno, path);
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

static int on_transfer_body(void *arg, const void *bytes, size_t n, struct error *err)
{
    struct receiver *in = arg;

    if (n > in->size_bytes - in->have) {
        in->answer = ANSWER_WRONG;
        in->found_bytes = in->have + n;
        return error_set(err, ERR_INPUT, "more bytes than there should be");
    }
    if (store_all(in->fd, bytes, n, in->transfer->partial_path, err) < 0 ||
        digest_add(in->digest, bytes, n, err) < 0)
        return -1;
    in->have += n;
    in->n_received += n;
    if (in->have > in->most) {
        in->most = in->have;
        in->n_resolved = 0;
        backoff_progress(&in->backoff);
    }
    if (in->transfer->on_progress)
        in->transfer->on_progress(in->transfer->arg, in->have);
    return 0;
}

/* Wait before another try after err or a status. Returns 1 to try again, or -1 with err set. */
static int try_again(struct receiver *in, const struct http_response *response,
                     struct error *err)
{
    struct error why;
    const int rc =
        backoff_wait(&in->backoff, err->msg, response ? &response->headers : NULL, &why);

    if (rc < 0)
        *err = why;
    return rc > 0 ? 1 : -1;
}

/* The server says that the range begins at or behind the end. */
static int settle_unsatisfied_range(struct receiver *in, const struct http_response *response,
                                    struct error *err)
{
    struct content_range range;

    if (in->have == 0)
        return http_status_error(response, in->transfer->name, err);
    if (headers_content_range(headers_find(&response->headers, "Content-Range"), &range) &&
        range.total == in->have &&
        (in->size_bytes == UINT64_MAX || in->size_bytes == range.total)) {
        in->size_bytes = range.total;
        return 0;
    }
    return start_again(in, err) < 0 ? -1 : 1;
}

/* Judge an answer whose status is not 2xx. Returns as receive_part(). */
static int settle_status(struct receiver *in, const struct http_response *response,
                         struct error *err)
{
    if (response->status == 416)
        return settle_unsatisfied_range(in, response, err);
    http_status_error(response, in->transfer->name, err);
    /* The server behind a redirect checks a signature that expires. Servers of Azure and Google
     * say 403 and 400, others 401 or 410. */
    if (response->n_hops > 0 &&
        (response->status == 403 || response->status == 400 || response->status == 401 ||
         response->status == 410) &&
        in->n_resolved++ < RESOLVED_MAX)
        return 1;
    if (backoff_is_transient_status(response->status))
        return try_again(in, response, err);
    return -1;
}

/* The request was ended by a callback, or the network failed. Returns as receive_part(). */
static int settle_failure(struct receiver *in, struct error *err)
{
    if (in->answer == ANSWER_RESTART)
        return start_again(in, err) < 0 ? -1 : 1;
    if (in->answer == ANSWER_WRONG)
        return 0;
    return backoff_is_transient(err) ? try_again(in, NULL, err) : -1;
}

/* Send one request for what is missing. Returns 1 if another one is needed, 0 if the file has
 * all bytes or the server's content is wrong, or -1 with err set. */
static int receive_part(struct receiver *in, struct http_response *response, struct error *err)
{
    const struct http_request request = {
        .url = in->transfer->url,
        .name = in->transfer->name,
        .range_start = in->have,
        .if_range = in->transfer->if_range,
        .may_follow = in->transfer->may_follow,
        .follow_arg = in->transfer->follow_arg,
        .on_start = on_transfer_start,
        .on_body = on_transfer_body,
        .arg = in,
    };

    in->answer = ANSWER_NONE;
    if (http_send(in->http, &request, response, err) < 0)
        return settle_failure(in, err);
    if (response->status / 100 != 2)
        return settle_status(in, response, err);
    if (in->size_bytes == UINT64_MAX)
        in->size_bytes = in->have;
    if (in->have < in->size_bytes) {
        in->answer = ANSWER_WRONG;
        in->found_bytes = in->have;
    }
    return 0;
}

/* Set err for content that is not what it should be. */
static int wrong_content(struct receiver *in, const char *found, struct error *err)
{
    const struct transfer *transfer = in->transfer;

    if (in->answer == ANSWER_WRONG)
        return error_set(err, ERR_INPUT,
                         "%s: the server has %llu bytes, expected are %llu: it was removed",
                         transfer->name, (unsigned long long)in->found_bytes,
                         (unsigned long long)in->size_bytes);
    return error_set(err, ERR_INPUT,
                     "%s: the content is not what it should be: %s %s, expected %s: it was "
                     "removed",
                     transfer->name,
                     content_kind_of(transfer->content_id) == CONTENT_SHA256 ? "SHA-256"
                                                                             : "git SHA-1",
                     found, transfer->content_id);
}

/* Compare the whole file with its size and its content id. Returns 1 if it is right, 0 if not
 * with `found` set, or -1 with err set. */
static int verify_content(struct receiver *in, struct transfer_result *out, char *found,
                          struct error *err)
{
    const enum content_kind kind = content_kind_of(in->transfer->content_id);
    uint8_t sha1[DIGEST_BYTES];

    if (in->answer == ANSWER_WRONG)
        return 0;
    if (digest_end(in->digest, out->sha256, err) < 0)
        return -1;
    digest_hex(out->sha256, DIGEST_BYTES, found);
    if (kind == CONTENT_GIT_SHA1) {
        if (content_git_sha1(in->fd, in->transfer->partial_path, in->have, sha1, err) < 0)
            return -1;
        digest_hex(sha1, DIGEST_SHA1_BYTES, found);
    }
    return kind == CONTENT_UNKNOWN || strcasecmp(found, in->transfer->content_id) == 0;
}

/* Receive until the content is right, or wrong for good: once more from the beginning if the
 * file was put together from several answers. */
static int receive_all(struct receiver *in, struct http_response *response,
                       struct transfer_result *out, struct error *err)
{
    char found[2 * DIGEST_BYTES + 1];
    int rc;

    for (;;) {
        in->answer = ANSWER_NONE;
        rc = in->have == in->size_bytes ? 0 : 1;
        while (rc == 1)
            rc = receive_part(in, response, err);
        if (rc < 0)
            return -1;
        rc = verify_content(in, out, found, err);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        if (!in->has_resumed || in->has_restarted)
            break;
        in->has_restarted = true;
        in->most = 0;
        in->size_bytes = in->transfer->size_bytes;
        if (start_again(in, err) < 0)
            return -1;
    }
    wrong_content(in, found, err);
    (void)unlink(in->transfer->partial_path);
    return -1;
}

/* Open the partial file and hash the bytes that it has. */
static int open_partial(struct receiver *in, struct error *err)
{
    const struct transfer *transfer = in->transfer;
    struct stat st;

    in->fd = open(transfer->partial_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (in->fd < 0) {
        error_errno(err, errno, transfer->partial_path);
        err->code = err->code == ERR_DENIED ? ERR_DENIED : ERR_CANTCREATE;
        return -1;
    }
    if (fstat(in->fd, &st) < 0)
        return error_errno(err, errno, transfer->partial_path);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_CANTCREATE, "%s: not a regular file", transfer->partial_path);
    if (digest_new(&in->digest, err) < 0)
        return -1;
    if ((uint64_t)st.st_size > in->size_bytes)
        return start_again(in, err);
    if (content_hash(in->fd, transfer->partial_path, in->digest,
                     http_watch_of(in->http) ? http_watch_of(in->http)->stop_signal : NULL,
                     &in->have, err) < 0)
        return -1;
    in->most = in->have;
    in->has_resumed = in->have > 0;
    if (in->have > 0 && transfer->on_progress)
        transfer->on_progress(transfer->arg, in->have);
    return check_room(in, err);
}

/* Make the complete file durable under its name. */
static int settle_file(struct receiver *in, struct error *err)
{
    const struct transfer *transfer = in->transfer;
    char *folder = file_folder(transfer->final_path);
    int rc = -1;

    if (!folder)
        return error_nomem(err);
    const int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        error_errno(err, errno, folder);
    else if (fsync(in->fd) < 0)
        error_errno(err, errno, transfer->partial_path);
    else if (rename(transfer->partial_path, transfer->final_path) < 0)
        error_errno(err, errno, transfer->final_path);
    else if (fsync(dir) < 0 && errno != EINVAL && errno != ENOTSUP)
        error_errno(err, errno, folder);
    else
        rc = 0;
    if (dir >= 0)
        close(dir);
    free(folder);
    return rc;
}

int transfer_run(struct http *http, const struct transfer *transfer,
                 struct transfer_result *out, struct error *err)
{
    struct receiver in = { .transfer = transfer,
                           .http = http,
                           .fd = -1,
                           .size_bytes = transfer->size_bytes,
                           .backoff = { .watch = http_watch_of(http) } };
    struct transfer_result result = { 0 };
    struct http_response response;
    int rc = -1;

    http_response_init(&response);
    if (open_partial(&in, err) == 0 && receive_all(&in, &response, &result, err) == 0 &&
        settle_file(&in, err) == 0) {
        result.size_bytes = in.have;
        result.n_received = in.n_received;
        *out = result;
        rc = 0;
    }
    if (in.fd >= 0)
        close(in.fd);
    digest_free(in.digest);
    http_response_release(&response);
    return rc;
}
