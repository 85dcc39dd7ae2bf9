/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - the content of a file that the Hub names: SHA-256, or the SHA-1 of git.
 */
#ifndef CURATE_NET_CONTENT_H
#define CURATE_NET_CONTENT_H

#include <stdint.h>

#include "base/digest.h"

struct error;

/* How the content is identified. */
enum content_kind {
    CONTENT_UNKNOWN,  /* by nothing: only the size is checked, if it is known */
    CONTENT_SHA256,   /* 64 hex digits */
    CONTENT_GIT_SHA1, /* 40 hex digits, the SHA-1 of "blob SIZE", a NUL and the bytes */
};

/* Of an ETag of the Hub, by its form. NULL is unknown. */
enum content_kind content_kind_of(const char *id);

/* Add the bytes of an open file from its beginning on to the digest, and count them. Its offset
 * is at the end then. path is for messages. Returns 0, or -1 with err set: ERR_CANCELLED after
 * a signal; stop_signal may be NULL. */
int content_hash(int fd, const char *path, struct digest *digest,
                 const volatile int *stop_signal, uint64_t *n_bytes, struct error *err);
/* Compute the SHA-1 of git of an open file of this size. The result is the first
 * DIGEST_SHA1_BYTES bytes. */
int content_git_sha1(int fd, const char *path, uint64_t size_bytes, uint8_t out[DIGEST_BYTES],
                     struct error *err);

struct content {
    uint64_t size_bytes;
    uint8_t sha256[DIGEST_BYTES];
};

/* Compute size and digests of a file. Returns 1 if it is of this size (UINT64_MAX: any) and
 * content id (NULL: any), 0 if not, or -1 with err set: ERR_NOT_FOUND, ERR_IO,
 * ERR_CANCELLED. */
int content_check(const char *path, uint64_t size_bytes, const char *id,
                  const volatile int *stop_signal, struct content *out, struct error *err);

#endif
