/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_check.h - check that a text is exactly one JSON value.
 *
 * json-c accepts more than JSON and does not report where a text is invalid. So only text that
 * passes this check reaches it. Accepted beyond RFC 8259, because real corpora contain them:
 * raw control characters inside strings, except line ends; NaN, Infinity and -Infinity, which
 * become null. A key that contains NUL is rejected, because json-c would truncate it.
 */
#ifndef CURATE_JSON_CHECK_H
#define CURATE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json/json.h"
#include "base/slice.h"

struct buf;
struct error;

enum { JSON_LONG_BYTES = 256, JSON_LONG_MAX = 16 };

struct json_check {
    enum json_issue issue;
    size_t at;          /* byte offset of the issue */
    const char *detail; /* a static sentence about the issue */
    struct slice value; /* the text without surrounding blanks */
    bool wide_numbers;  /* json_widen() is needed */
    bool raw_controls;  /* json_escape_controls() is needed */
    unsigned noted;     /* enum json_note, except those that only the tree shows */
    size_t n_keys;      /* of all objects, including duplicates */
    size_t tree_bytes;  /* estimated memory of json-c's tree */
    /* The first strings of at least JSON_LONG_BYTES, except keys, without their quotes. */
    struct slice long_strings[JSON_LONG_MAX];
    size_t n_long;
};

/* Check a text, which must be valid UTF-8. Returns true if it is one JSON value. */
bool json_check(struct slice text, struct json_check *out);

/* Append a checked text with its raw control characters escaped. json-c would take a NUL for
 * the end of the text. Returns 0, or -1 with err set. */
int json_escape_controls(struct slice text, struct buf *out, struct error *err);

/*
 * json-c keeps the text of a number with a fraction or an exponent, but clamps an integer to
 * 64 bits. json_widen() appends a checked text with a zero exponent added to each integer that
 * does not fit, and to -0. json_narrow() removes the exponent again. json_widen() returns 0,
 * or -1 with err set.
 */
int json_widen(struct slice text, struct buf *out, struct error *err);
struct slice json_narrow(struct slice number);

#endif
