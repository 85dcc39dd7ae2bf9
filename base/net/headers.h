/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.h - the header lines of an HTTP response, and the values of those that we use.
 *
 * Headers are untrusted: sizes and counts have limits, and each value is checked. Functions
 * that parse a value return false, and leave their outputs, if the value is absent (ptr NULL)
 * or malformed.
 */
#ifndef CURATE_HEADERS_H
#define CURATE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { HEADERS_MAX_BYTES = 64 * 1024, HEADERS_MAX_LINES = 256 };

struct headers {
    int status;      /* 200, 404; 0: no status line yet */
    struct buf text; /* the lines */
    size_t n_lines;
};

void headers_init(struct headers *headers);
void headers_release(struct headers *headers);
void headers_clear(struct headers *headers);

/* Add one line, with or without its line end. A status line starts a new response and drops
 * the lines of an interim one (100 Continue). Returns 0, or -1 with err set: ERR_INPUT for a
 * malformed status line or if a limit is exceeded. A malformed field is ignored. */
int headers_add(struct headers *headers, struct slice line, struct error *err);

/* The value of the first field with this name, in any case, without blanks around it. ptr NULL
 * if there is none. Valid until the headers change. */
struct slice headers_find(const struct headers *headers, const char *name);
/* The same of the field after *pos, for names that occur several times. Set *pos to 0 before
 * the first call. */
struct slice headers_next(const struct headers *headers, const char *name, size_t *pos);

/* Digits only. */
bool headers_number(struct slice value, uint64_t *out);
/* The opaque part of an ETag, without W/ and quotes. */
bool headers_etag(struct slice value, struct slice *out, bool *is_weak);

struct content_range {
    bool has_range; /* false: the range is '*', as with status 416 */
    uint64_t first, last;
    uint64_t total; /* UINT64_MAX: '*' */
};
/* Content-Range: "bytes 0-9/100", with '*' for an unknown range or total. Checks that
 * first <= last < total. */
bool headers_content_range(struct slice value, struct content_range *out);

/* The URL of the link with rel="next" in all Link fields, as it is in the text. */
bool headers_next_link(const struct headers *headers, struct slice *url);

/* How long the server asks to wait, in ms: RateLimit with r=0 (t seconds plus one), else
 * Retry-After (seconds or a date; a date that has passed is 0). */
bool headers_wait_ms(const struct headers *headers, int64_t now_unix_ms, uint64_t *wait_ms);

#endif
