/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain_private.h - shared between plain.c, which asks the server, and plain_get.c, which keeps
 * the files.
 */
#ifndef CURATE_PLAIN_PRIVATE_H
#define CURATE_PLAIN_PRIVATE_H

#include "base/net/plain.h"

struct http_response;

/* Hash what identifies a content: its kind and texts, of which NULL is the last. */
int plain_key(const char *kind, const char *const *parts, char key[PLAIN_KEY_HEX + 1],
              struct error *err);
/* As http_status_error(), with what a signature in the URL has to do with it. */
int plain_status_error(const struct http_response *response, const struct plain *plain,
                       struct error *err);

#endif
