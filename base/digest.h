/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256 and SHA-1. Only digest.c includes <openssl/evp.h>.
 *
 * SHA-1 is for the names that git gives to files; everything of our own uses SHA-256.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_DIGEST_H
#define CURATE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct digest;

enum { DIGEST_BYTES = 32, DIGEST_SHA1_BYTES = 20 };

int digest_new(struct digest **out, struct error *err);
int digest_new_sha1(struct digest **out, struct error *err);
void digest_free(struct digest *digest);
int digest_add(struct digest *digest, const void *bytes, size_t n, struct error *err);
/* Get the digest of the bytes added; a SHA-1 is the first 20 bytes. Call digest_restart() or
 * digest_free() next. */
int digest_end(struct digest *digest, uint8_t out[DIGEST_BYTES], struct error *err);
int digest_restart(struct digest *digest, struct error *err);
/* Compute the digest of a file. */
int digest_file(const char *path, uint8_t out[DIGEST_BYTES], struct error *err);
/* Write n bytes as 2 * n lower-case hex digits and a NUL. */
void digest_hex(const uint8_t *bytes, size_t n, char *out);

#endif
