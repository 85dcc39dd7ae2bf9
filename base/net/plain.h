/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain.h - one file of a web server, named by its URL.
 *
 *   ASSETS/curate/urls/SHA256/NAME     content; NAME is the last part of the URL's path
 *   ASSETS/curate/urls/KEY.ref         where the content of a URL is, and its stamp
 *   ASSETS/curate/urls/KEY.incomplete  while it is received
 *   ASSETS/curate/urls/KEY.lock        locked while it is received
 *
 * A KEY is the hash of what identifies the content: the SHA-256 that the user gave; or the URL
 * without its query with what the server says about the file (ETag or date, and size); or, for
 * a use offline, the whole URL. So a new signature in the query does not receive a file again,
 * and a file that changed is received again.
 *
 * A partial file is resumed only if its content is certain: by a SHA-256, or by a strong ETag.
 * file:// names a file of this machine.
 */
#ifndef CURATE_PLAIN_H
#define CURATE_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"

struct error;
struct http;
struct hub_get;

enum { PLAIN_KEY_HEX = 32 };

struct plain {
    bool is_local;                     /* file:// */
    struct buf url;                    /* with its query: a secret; of file:// the path */
    struct buf public_name;            /* the URL without its query; of file:// the path */
    struct buf name;                   /* of the file, without '/' */
    struct buf etag;                   /* strong, with its quotes; empty: none */
    char sha256[2 * DIGEST_BYTES + 1]; /* lower case; empty: not given */
    uint64_t size_bytes;               /* UINT64_MAX: not known */
    char key[PLAIN_KEY_HEX + 1];       /* of what the server says; empty: it says nothing */
};

/* Parse a URL without network; sha256 may be NULL. Release *out in both cases. Returns 0, or -1
 * with err set: ERR_USAGE if it is malformed, names no file, or if sha256 is not 64 hex digits.
 */
int plain_parse(const char *url, const char *sha256, struct plain *out, struct error *err);
void plain_release(struct plain *plain);

/* Ask the server about the file: its size and what identifies its content. Returns 0, or -1
 * with err set as http_send_patiently() and http_status_error(). */
int plain_find(struct http *http, struct plain *plain, struct error *err);

/* Get the file and append its local path to *local. Of get, name and commit are not used.
 * Returns 0, or -1 with err set as transfer_run(), and
 *   ERR_NOT_FOUND   offline, and the file is not there
 *   ERR_USAGE       a copy of a file of this machine
 *   ERR_CANTCREATE  a file of another or unknown content is in the way of a copy */
int plain_get(const struct hub_get *get, const struct plain *plain, struct buf *local,
              struct error *err);

#endif
