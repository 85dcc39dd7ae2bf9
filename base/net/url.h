/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - parse, compare, resolve and print http:// and https:// URLs.
 *
 * A query string may be a credential (a signature), and so may the user info before '@'. A
 * message or a row contains a URL only as url_add_public() writes it.
 */
#ifndef CURATE_URL_H
#define CURATE_URL_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct error;

enum { URL_MAX_BYTES = 16 * 1024 };

/* The parts of a URL, borrowed from its text. An absent part has ptr NULL; the path is empty or
 * begins with '/'. */
struct url {
    struct slice scheme;    /* "https", in the case of the text */
    struct slice user_info; /* before '@' */
    struct slice host;      /* "huggingface.co", "[::1]" */
    struct slice path;
    struct slice query;    /* behind '?' */
    struct slice fragment; /* behind '#' */
    unsigned port;         /* that of the scheme if the text has none */
    bool is_https;
};

/* Does the text begin with a scheme and "://"? */
bool url_has_scheme(const char *text);
/* Parse an http:// or https:// URL. Returns 0, or -1 with err set: ERR_USAGE if it is malformed
 * or of another scheme. The message does not repeat the text. */
int url_parse(struct slice text, struct url *out, struct error *err);

/* Same scheme, host and port? */
bool url_same_origin(const struct url *a, const struct url *b);
/* Is the host this one, without regard to case? */
bool url_has_host(const struct url *url, const char *host);
/* Is the host localhost, 127.x.x.x or [::1]? */
bool url_is_loopback(const struct url *url);
/* The last part of the path, still percent-encoded: "train.jsonl". May be empty. */
struct slice url_last_part(const struct url *url);

/* Append the URL without user info, query and fragment: what may be printed and stored. Returns
 * 0, or -1 with err set. */
int url_add_public(const struct url *url, struct buf *out, struct error *err);
/* Append the absolute URL that a Location or a link means on a page of this URL (RFC 3986,
 * 5.2). The fragment is dropped. Returns 0, or -1 with err set: ERR_INPUT if it is malformed or
 * of another scheme. */
int url_resolve(const struct url *base, struct slice reference, struct buf *out,
                struct error *err);

/* Append the text with every byte percent-encoded except letters, digits, "-._~" and those of
 * `safe`. Returns 0, or -1 with err set. */
int url_encode(struct slice text, const char *safe, struct buf *out, struct error *err);
/* Append the text with its percent-encodings replaced by the bytes. Returns 0, or -1 with err
 * set: ERR_USAGE if '%' is not followed by two hex digits, or if a byte is 0. */
int url_decode(struct slice text, struct buf *out, struct error *err);

#endif
