/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256; the only code that includes <openssl/evp.h>.
 */
#ifndef CURATE_DIGEST_H
#define CURATE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct digest;

enum { DIGEST_BYTES = 32 };

int digest_new(struct digest **out, struct error *err);
void digest_free(struct digest *digest);
int digest_add(struct digest *digest, const void *bytes, size_t n, struct error *err);
/* Ends it; the digest is freed or begun anew afterwards. */
int digest_end(struct digest *digest, uint8_t out[DIGEST_BYTES], struct error *err);
int digest_restart(struct digest *digest, struct error *err);
/* All of a file, read in blocks. */
int digest_file(const char *path, uint8_t out[DIGEST_BYTES], struct error *err);
/* 2 * n lower-case digits and a NUL. */
void digest_hex(const uint8_t *bytes, size_t n, char *out);

#endif
