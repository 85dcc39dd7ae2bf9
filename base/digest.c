/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/error.h"

enum { BLOCK_BYTES = 64 * 1024 };

struct digest {
    EVP_MD_CTX *ctx;
};

static int digest_new_of(const EVP_MD *kind, const char *name, struct digest **out,
                         struct error *err)
{
    struct digest *digest = calloc(1, sizeof *digest);

    if (!digest)
        return error_nomem(err);
    digest->ctx = EVP_MD_CTX_new();
    if (!digest->ctx) {
        digest_free(digest);
        return error_nomem(err);
    }
    if (EVP_DigestInit_ex(digest->ctx, kind, NULL) != 1) {
        digest_free(digest);
        return error_set(err, ERR_UNSUPPORTED, "libcrypto does not provide %s", name);
    }
    *out = digest;
    return 0;
}

int digest_new(struct digest **out, struct error *err)
{
    return digest_new_of(EVP_sha256(), "SHA-256", out, err);
}

int digest_new_sha1(struct digest **out, struct error *err)
{
    return digest_new_of(EVP_sha1(), "SHA-1", out, err);
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->ctx);
    free(digest);
}

int digest_add(struct digest *digest, const void *bytes, size_t n, struct error *err)
{
    if (EVP_DigestUpdate(digest->ctx, bytes, n) != 1)
        return error_set(err, ERR_NOMEM, "libcrypto error while computing a digest");
    return 0;
}

int digest_end(struct digest *digest, uint8_t out[DIGEST_BYTES], struct error *err)
{
    if (EVP_DigestFinal_ex(digest->ctx, out, NULL) != 1)
        return error_set(err, ERR_NOMEM, "libcrypto error at the end of a digest");
    return 0;
}

int digest_restart(struct digest *digest, struct error *err)
{
    if (EVP_DigestInit_ex(digest->ctx, NULL, NULL) != 1)
        return error_set(err, ERR_NOMEM, "libcrypto error at the start of a digest");
    return 0;
}

static int digest_add_fd(struct digest *digest, int fd, struct error *err)
{
    uint8_t *block = malloc(BLOCK_BYTES);
    int rc = -1;

    if (!block)
        return error_nomem(err);
    for (;;) {
        const ssize_t n = read(fd, block, BLOCK_BYTES);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_errno(err, errno, "reading");
            break;
        }
        if (n == 0) {
            rc = 0;
            break;
        }
        if (digest_add(digest, block, (size_t)n, err) < 0)
            break;
    }
    free(block);
    return rc;
}

int digest_file(const char *path, uint8_t out[DIGEST_BYTES], struct error *err)
{
    struct digest *digest = NULL;
    int rc = -1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(err, errno, path);
    if (digest_new(&digest, err) < 0)
        goto done;
    if (digest_add_fd(digest, fd, err) < 0) {
        error_prefix(err, "%s", path);
        goto done;
    }
    rc = digest_end(digest, out, err);
done:
    digest_free(digest);
    close(fd);
    return rc;
}

void digest_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}
